using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// A step by hand that knows of failovers: the lease of one is looked at with all else. It is not taken: a step by hand has to do where the standby does not answer,
/// and a failover measures what it rests on before each of its own.
/// </summary>
/// <param name="step">The step.</param>
/// <param name="releases">Whether it lets a site write, sign or serve: then it is refused while a failover runs, unless a person says that it shall be. What only stops something is warned of.</param>
/// <param name="operatorName">Who runs it, as <c>user@machine</c>.</param>
public sealed class BesideFailover(IStepRecipe step, bool releases, string operatorName) : IStepRecipe
{
    /// <summary>The gate's name among the preconditions.</summary>
    internal const string Gate = "NoFailoverRuns";

    private const string Target = "Lease/" + FailoverLease.Name;
    private const string Expected = "no failover runs";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Name => step.Name;

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var looking = Task.WhenAll(LookAsync(world, world.Active, cancellationToken), LookAsync(world, world.Standby, cancellationToken));
        var measured = await step.MeasureAsync(world, cancellationToken).ConfigureAwait(false);
        var found = (await looking.ConfigureAwait(false)).OfType<Finding>().Select(finding => new Precondition(Gate, finding));
        return measured with { Preconditions = [.. found, .. measured.Preconditions] };
    }

    private async Task<Finding?> LookAsync(FailoverWorld world, FailoverSite site, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(Patience, world.Time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var lease = await site.Control.FindLeaseAsync(site.Namespace, FailoverLease.Name, bound.Token).ConfigureAwait(false);
            return lease?.Holder is { Length: > 0 } holder ? Judge(world, site, lease, holder) : null;
        }
        catch (DalpException exception)
        {
            return Unseen(site, exception.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Unseen(site, $"Its cluster did not answer within {Patience.TotalSeconds:0} s.");
        }
    }

    private Finding Judge(FailoverWorld world, FailoverSite site, ClusterLease lease, string holder)
    {
        var observed = $"held by '{holder}' since {lease.AcquiredAt:u}";
        if (lease.RenewedAt + lease.Duration <= world.Time.GetUtcNow() || LeaseHolder.IsSeenGone(holder, operatorName))
        {
            return Finding.Warn(
                site.Name, Target, observed, Expected, $"It was renewed last at {lease.RenewedAt:u}: that failover was broken off, and is not finished.",
                "Get-DalpFailover tells how far it got; Resume-DalpFailover goes on with it, and looks at everything again.");
        }
        var detail = $"It was renewed at {lease.RenewedAt:u}: that failover runs, and rests on what it has seen.";
        const string Remediation = "Talk to its operator; Get-DalpFailover tells how far it is.";
        return (releases, world.BesideFailover) switch
        {
            (false, _) => Finding.Warn(site.Name, Target, observed, Expected, detail, Remediation),
            (true, { } word) => Finding.Warn(site.Name, Target, observed, Expected, $"{detail} {word.Person} has this done beside it: {word.Statement.TrimEnd('.')}.", Remediation),
            _ => Finding.Fail(
                site.Name, Target, observed, Expected, detail, $"{Remediation} Who does a step of it for him, or has to act against it, says so by name: -BesideFailover '<name>: <why>'."),
        };
    }

    // The lease is in the standby's cluster. The active site's has one only while the pair fails back, and is the one that may be lost.
    private static Finding? Unseen(FailoverSite site, string why) => site.Site.Role == SiteRole.Standby
        ? Finding.Warn(site.Name, Target, "can't be seen", Expected, $"Nobody can see whether a failover runs. {why}", "Ask the people of the failover.")
        : null;
}
