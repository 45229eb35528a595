using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;

namespace DalpHa.Commands.Failover;

/// <summary>Runs a failover plan: step by step, asking each owner, seeing each outcome, journalling everything.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "DalpFailover", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(DalpFailover))]
public sealed class InvokeDalpFailoverCommand : FailoverRunCommand
{
    // Minutes in which a region in trouble changes.
    private static readonly TimeSpan PlanHolds = TimeSpan.FromMinutes(5);

    /// <summary>The plan, as New-DalpFailoverPlan returns it.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public DalpFailoverPlan? Plan { get; set; }

    /// <summary>Who declares the incident and has decided on the failover.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string? DecisionOwner { get; set; }

    /// <summary>What has happened, or what it is for.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string? Reason { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var plan = Plan!;
        var settings = Settings(plan.Topology, plan.Runbook, plan.Kind, cancellationToken);
        plan.RequireAffirmed(settings.MaxDataLoss, settings.ActiveIsGone);
        if (await AskAsync(() => IsWhatIf).ConfigureAwait(false))
        {
            await RehearseAsync(settings, Task.FromResult<FailoverWorld?>, cancellationToken).ConfigureAwait(false);
            return;
        }
        if (TimeProvider.System.GetUtcNow() - plan.MeasuredAt > PlanHolds)
        {
            plan = await MeasureAgainAsync(settings, plan, cancellationToken).ConfigureAwait(false);
        }
        RequireReady(plan);
        if (!await IsAttendedAsync(plan.Runbook, null).ConfigureAwait(false))
        {
            return;
        }
        await RunAsync(settings, run => run.BeginAsync(plan.Id, new FailoverDeclaration(DecisionOwner!, Reason!), Until, cancellationToken), null, cancellationToken).ConfigureAwait(false);
    }

    private async Task<DalpFailoverPlan> MeasureAgainAsync(FailoverSettings settings, DalpFailoverPlan plan, CancellationToken cancellationToken)
    {
        var session = Open(settings, _ => { }, cancellationToken);
        await using (session.ConfigureAwait(false))
        {
            var now = await new FailoverRehearsal(session.World).PlanAsync(plan.Id, cancellationToken).ConfigureAwait(false);
            var changes = now.ChangesSince(plan);
            return changes.Count == 0 ? now : throw new DalpException(
                "FailoverPlanStale",
                FaultKind.Conflict,
                $"The plan is of {plan.MeasuredAt:u}, and the sites have changed since:{Environment.NewLine}{string.Join(Environment.NewLine, changes)}",
                "Make a new plan and read it: New-DalpFailoverPlan.",
                plan.Id);
        }
    }

    // To begin what can be seen to end half-way is the worst of both. Isolation alone may have to wait for the site to answer.
    private void RequireReady(DalpFailoverPlan plan)
    {
        var last = Until is null ? plan.Steps.Count : plan.Steps.Single(step => step.Step == Until).Number;
        var asked = plan with { Steps = [.. plan.Steps.Where(step => step.Number <= last)] };
        if (!asked.IsReady)
        {
            // What is in the way of a step is often why those after it could not be rehearsed: what is to be done about the first is told.
            var first = asked.Steps.First(step => !step.IsReady).Preconditions.Where(precondition => !precondition.IsMet).Select(precondition => precondition.Finding.Remediation).Distinct();
            throw new DalpException(
                "FailoverPlanBlocked",
                FaultKind.Conflict,
                $"The plan can't be run to its end, so it is not begun:{Environment.NewLine}{string.Join(Environment.NewLine, asked.Blockers)}",
                $"Mend what is in the way and make a new plan; or run the steps before it: -Until. The first: {string.Join(' ', first)}",
                plan.Id);
        }
    }
}
