using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>
/// A cmdlet that runs one step by hand: the same preconditions and actions as in a failover, each action asked for and seen, one result for each. <c>-WhatIf</c>
/// goes through them on a simulated world and tells what would be written.
/// </summary>
public abstract class StepCommand : ChangeCommand, IHandCrew
{
    private readonly Lock ended = new();
    private readonly List<DalpActionResult> acted = [];
    private readonly HashSet<(string Site, string Action)> declined = [];
    private DalpActionResult? firstFailed;

    /// <summary>A topology object, the path of a topology file, or a lab. Without it the runspace's default is used.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Topology { get; set; }

    /// <summary>How long the outcome of each action may take to be seen, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 86400)]
    public int ActionTimeoutSeconds { get; set; } = 600;

    /// <summary>How long the outcome of each action may take to be seen.</summary>
    private protected TimeSpan ActionTimeout => TimeSpan.FromSeconds(ActionTimeoutSeconds);

    /// <summary>Whether the operator agrees to each action; false where he did so beforehand, to all.</summary>
    private protected bool AsksForEach { get; set; } = true;

    /// <summary>Yes: what follows in a script rests on it. A promotion must not come after a freeze that failed.</summary>
    private protected override bool EndsAtFirstError => true;

    /// <summary>The topology that is worked on.</summary>
    private protected async Task<DalpTopology> FindTopologyAsync() =>
        (await AskAsync(() => TopologySource.Find(this, Topology)).ConfigureAwait(false))?.Read() ?? TopologyLocator.FromContexts();

    /// <summary>Who vouches that the other site, which can't be reached, is fenced; null when nobody does.</summary>
    private protected virtual Attestation? OtherSitesWord => null;

    /// <summary>The command that takes back what was done of the step; null where none does.</summary>
    private protected virtual string? WayBack => null;

    /// <summary>Whether the step lets a site write, sign or serve, and so must not be done behind the back of a failover.</summary>
    private protected virtual bool Releases => false;

    /// <summary>Who has it done beside a failover that runs; null when nobody does.</summary>
    private protected virtual Attestation? BesideWord => null;

    /// <summary>Runs a step on a site whose database is only called by name, or not promoted at all.</summary>
    private protected async Task RunOnAsync(SiteRole site, PromotionProcedure database, IStepRecipe recipe, CancellationToken cancellationToken)
    {
        var topology = await FindTopologyAsync().ConfigureAwait(false);
        var settings = Settings(topology, HandRunbook.Of(ActionTimeout, database), FailoverKind.Failover, cancellationToken) with { OtherIsFenced = OtherSitesWord };
        await RunStepAsync(settings, site, recipe, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Measures a step and runs it, or tells what it would do.</summary>
    /// <returns>Whether it was run; not when it only told.</returns>
    /// <exception cref="DalpException">It may not begin, or an action's outcome was not seen; the results of all actions were written before.</exception>
    private protected async Task<bool> RunStepAsync(FailoverSettings settings, SiteRole acts, IStepRecipe recipe, CancellationToken cancellationToken)
    {
        var isWhatIf = await AskAsync(() => IsWhatIf).ConfigureAwait(false);
        recipe = new BesideFailover(recipe, Releases, FailoverRunner.Here(null).Operator);
        var told = new List<ToldWrite>();
        var isDone = false;
        var session = Open(settings with { BesideFailover = BesideWord }, isWhatIf ? told.Add : null, cancellationToken);
        await using (session.ConfigureAwait(false))
        {
            Show(null, "Measuring");
            var step = await recipe.MeasureAsync(session.World.Facing(acts), cancellationToken).ConfigureAwait(false);
            EmitVerbose(step.Measured);
            if (isWhatIf)
            {
                HandRun.RequireMet(this, step);
                await FailoverRehearsal.DoAsync(step, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                var journal = JournalOf(session);
                await using var written = journal.ConfigureAwait(false);
                isDone = await new HandRun(this, TimeProvider.System, journal).RunAsync(step, token => recipe.MeasureAsync(session.World.Facing(acts), token), cancellationToken).ConfigureAwait(false);
            }
        }
        EmitProgress(new ProgressRecord(0, MyInvocation.MyCommand.Name, "Ended") { RecordType = ProgressRecordType.Completed });
        await TellAsync(told).ConfigureAwait(false);
        return firstFailed is { } failed ? throw Failure(failed) : isDone;
    }

    /// <summary>Where a step by hand is written down.</summary>
    private protected HandJournal JournalOf(FailoverSession session) => new(session.World, HandJournal.DefaultFolder, FailoverRunner.Here(null).Operator, WarnQuietly);

    /// <inheritdoc/>
    async Task<bool> IHandCrew.ConfirmAsync(FailoverAction action, string seen, CancellationToken cancellationToken)
    {
        if (!AsksForEach || await AskAsync(() => ShouldProcess($"{action.Site}: {action.Name}", $"{action.Site}: {action.Name}? Now: {seen}", MyInvocation.MyCommand.Name)).ConfigureAwait(false))
        {
            return true;
        }
        lock (ended)
        {
            declined.Add((action.Site, action.Name));
        }
        return false;
    }

    /// <inheritdoc/>
    public void Show(string? action, string seen) => Quietly(() =>
        EmitProgress(new ProgressRecord(0, MyInvocation.MyCommand.Name, action ?? seen) { CurrentOperation = action is null ? null : seen }));

    /// <inheritdoc/>
    public void Warn(string text) => EmitWarning(text);

    /// <inheritdoc/>
    public void Ended(DalpActionResult result) => Quietly(() =>
    {
        Emit(result);
        lock (ended)
        {
            if (result.HasActed)
            {
                acted.Add(result);
            }
            // The first ends the command, when all that is under way has ended: only then is it known what was done beside it.
            if (result.Outcome == FailoverOutcome.Succeeded || ReferenceEquals(firstFailed ??= result, result))
            {
                return;
            }
        }
        EmitError(Failure(result));
    });

    /// <inheritdoc/>
    public void Found(DalpCheckResult finding) => Quietly(() => Emit(finding));

    private DalpException Failure(DalpActionResult result) => result.Outcome switch
    {
        FailoverOutcome.NotStarted when IsDeclined(result) => Declined(result),
        FailoverOutcome.NotStarted => new DalpException("ActionNotStarted", FaultKind.Conflict, $"{result.Site}: {result.Action}: {result.Detail}", "Nothing of it was done. Mend what is in the way and run it again.", result),
        FailoverOutcome.Incomplete => new DalpException("ActionIncomplete", FaultKind.TimedOut, $"{result.Site}: {result.Detail}", "It was asked for, and may still come. Look at it, and run it again: what holds is passed over.", result),
        _ => new DalpException("ActionUnknown", FaultKind.Unreachable, $"{result.Site}: {result.Detail}", "It was asked for, and nobody could see whether it came. Reach the site, and run it again: what holds is passed over.", result),
    };

    private bool IsDeclined(DalpActionResult result)
    {
        lock (ended)
        {
            return declined.Contains((result.Site, result.Action));
        }
    }

    // Whoever says No in the middle has to know what is down because he said Yes before.
    private DalpException Declined(DalpActionResult result)
    {
        string[] done;
        lock (ended)
        {
            done = [.. acted.Select(one => one.Outcome == FailoverOutcome.Succeeded ? $"{one.Site}: {one.Action}" : $"{one.Site}: {one.Action} ({one.Outcome})")];
        }
        var back = WayBack is { } command ? $" To take back what was done: {command}." : "";
        return new DalpException(
            "ActionNotStarted",
            FaultKind.Conflict,
            $"{result.Site}: {result.Action}: {result.Detail} {(done.Length == 0 ? "Nothing was done." : $"What was agreed to is done: {string.Join("; ", done)}.{back}")}",
            $"To go on, run it again: what holds is passed over.{(done.Length == 0 ? "" : back)}",
            result);
    }
}
