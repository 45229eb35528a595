using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// The former primary, looked at once more when the other one has proven itself. A session may overrule the freeze, and then shows only when it writes: what it committed
/// after the drain nobody else has. That look makes nobody wait.
/// </summary>
/// <param name="world">Both sites.</param>
/// <param name="drained">As it was when it was drained; null as long as it was not.</param>
internal sealed class FormerPrimary(FailoverWorld world, Func<DrainedPrimary?> drained)
{
    private const string Care =
        "Compare-DalpDatabase shows what it has committed. Do not let it write again, and neither rewind nor rebuild it, before that is taken over into the new primary. Resume-DalpFailover goes on without it.";

    /// <summary>The action. It does nothing, and ends the step when something was written.</summary>
    /// <param name="timeout">How long the step's actions may take.</param>
    public FailoverAction LookOnceMore(TimeSpan timeout) => new()
    {
        Name = "Look at the former primary once more",
        Site = world.Active.Name,
        Outcome = "it has committed nothing since it was drained",
        LookAsync = async cancellationToken => drained() is { } then
            ? await LookAsync(then, cancellationToken).ConfigureAwait(false)
            : Sighting.NotYet("It was not drained yet."),
        ActAsync = _ => Task.CompletedTask,
        Timeout = timeout,
    };

    private async Task<Sighting> LookAsync(DrainedPrimary then, CancellationToken cancellationToken)
    {
        var now = await ReadAsync(then, cancellationToken).ConfigureAwait(false);
        if (now.IsInRecovery)
        {
            return Sighting.Yes("It follows, and takes no writes.");
        }
        if (now.NextTransactionId == then.NextTransactionId && now.WritersRunning == 0)
        {
            return Sighting.Yes($"Nothing was committed on {then.Server} since it was drained at {then.End}.");
        }
        throw new DalpException(
            "FormerPrimaryWrote",
            FaultKind.Conflict,
            $"The standby is promoted, and {then.Server} was written to after it was drained at {then.End}: up to {Wording.Count(unchecked((long)((now.NextTransactionId ?? then.NextTransactionId) - then.NextTransactionId)), "transaction")} "
            + $"ended there since, {now.WritersRunning} are under way, and its log ends at {now.EndLsn}. The new primary has none of it.",
            Care,
            then.Server);
    }

    private async Task<WriteActivity> ReadAsync(DrainedPrimary then, CancellationToken cancellationToken)
    {
        try
        {
            var server = world.Active.Site.Database!.Servers.First(one => one.Name == then.Server);
            return await world.Active.ReadActivityAsync(server, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException exception)
        {
            throw new DalpException(
                "FormerPrimaryUnseen", FaultKind.Unreachable, $"The standby is promoted, and whether {then.Server} was written to after it was drained at {then.End} can't be seen: {exception.Message}", Care, then.Server, exception);
        }
    }
}
