using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>
/// Goes the whole way of a step by hand once, before anybody is asked: with an action that does nothing, and a journal on the same disk that is thrown away. The first
/// action of a process may be the promotion that an outage waits for: it must not wait for the just-in-time compiler as well.
/// </summary>
internal static class HandRehearsal
{
    public static async Task RunAsync(HandJournal journal, CancellationToken cancellationToken)
    {
        var scratch = journal.Rehearsal();
        await using var thrownAway = scratch.ConfigureAwait(false);
        var step = new FailoverStep { Name = "nothing", Measured = "", Stages = [[ActionRunner.DoNothing()]] };
        await new HandRun(new Nobody(), TimeProvider.System, scratch).RunStagesAsync(step, cancellationToken).ConfigureAwait(false);
    }

    private sealed class Nobody : IHandCrew
    {
        public Task<bool> ConfirmAsync(FailoverAction action, string seen, CancellationToken cancellationToken) => Task.FromResult(true);

        public void Show(string? action, string seen)
        {
        }

        public void Warn(string text)
        {
        }

        public void Ended(DalpActionResult result)
        {
        }

        public void Found(DalpCheckResult finding)
        {
        }
    }
}
