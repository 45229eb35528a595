using System.Globalization;
using DalpHa.Core.Errors;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>Why a failover is made, and who decided it.</summary>
/// <param name="DecisionOwner">Who decided.</param>
/// <param name="Reason">What happened, or what it is for.</param>
public sealed record FailoverDeclaration(string DecisionOwner, string Reason);

/// <summary>Who runs a failover, and where.</summary>
/// <param name="Operator">As <c>user@machine</c>.</param>
/// <param name="Process">The very process, so that two on one machine are two.</param>
/// <param name="TakeOver">Who vouches that a former holder of the lease is gone; null when nobody does.</param>
public sealed record FailoverRunner(string Operator, string Process, string? TakeOver)
{
    /// <summary>This process, of the user that it runs as.</summary>
    public static FailoverRunner Here(string? takeOver) => new($"{Environment.UserName}@{Environment.MachineName}", LeaseHolder.CurrentProcess, takeOver);
}

/// <summary>One run of a failover, from its lease to its last record: a new one, or one that goes on.</summary>
public sealed class FailoverRun
{
    private FailoverWorld world;
    private readonly FailoverStore store;
    private readonly FailoverRunner runner;
    private readonly IFailoverCrew crew;
    private readonly Action<string> warn;

    /// <summary>Prepares a run; nothing is read or written yet.</summary>
    /// <param name="world">Both sites.</param>
    /// <param name="store">Where the journal is kept.</param>
    /// <param name="runner">Who runs it.</param>
    /// <param name="crew">Who is asked and shown.</param>
    /// <param name="warn">Is told what does not stop the run.</param>
    public FailoverRun(FailoverWorld world, FailoverStore store, FailoverRunner runner, IFailoverCrew crew, Action<string> warn)
    {
        this.world = world;
        this.store = store;
        this.runner = runner;
        this.crew = crew;
        this.warn = warn;
    }

    /// <summary>Begins a failover.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="declaration">Who decided, and why.</param>
    /// <param name="until">The last step to run; null for all.</param>
    /// <param name="cancellationToken">Stops before the next step or action.</param>
    /// <returns>The failover as its journal tells it.</returns>
    public Task<DalpFailover> BeginAsync(string id, FailoverDeclaration declaration, string? until, CancellationToken cancellationToken) =>
        RunAsync(id, until, async journal =>
        {
            if (journal.Chain.Records.Count > 0)
            {
                throw new DalpException("FailoverBegun", FaultKind.Conflict, $"Failover {id} was begun before.", $"Go on with it: Resume-DalpFailover -Id {id}. Or make a new plan.", id);
            }
            await journal.AnnounceAsync(JournalEvent.Declared, null, null, declaration.Reason, cancellationToken, new Dictionary<string, string>
            {
                [JournalFact.Kind] = world.Kind.ToString(),
                [JournalFact.Topology] = world.Topology.Name,
                [JournalFact.Active] = world.Active.Name,
                [JournalFact.Standby] = world.Standby.Name,
                [JournalFact.ActiveCluster] = world.Runbook.Promotion is { UsesCloudNativePg: true, ActiveCluster: { } cluster } ? cluster : "",
                [JournalFact.Runbook] = Runbook,
                [JournalFact.Recovery] = world.Runbook.BackupRecoveryRunbook,
                [JournalFact.Communication] = string.Join("; ", world.Runbook.CommunicationPath),
                [JournalFact.Rollback] = string.Join("; ", world.Runbook.RollbackConditions),
                [JournalFact.DecisionOwner] = declaration.DecisionOwner,
                [JournalFact.Reason] = declaration.Reason,
                [JournalFact.MaxDataLoss] = AcceptedLoss,
                [JournalFact.Version] = JournalChain.Version,
            }).ConfigureAwait(false);
            if (runner.TakeOver is not null)
            {
                await journal.AnnounceAsync(JournalEvent.Attested, null, null, TakenOver, cancellationToken).ConfigureAwait(false);
            }
            return (NotificationPoint.Declared, declaration.Reason);
        }, cancellationToken);

    /// <summary>Goes on with a failover that stopped or whose process died, by the rules of its kind: every step is looked at again, and what holds is passed over.</summary>
    /// <inheritdoc cref="BeginAsync"/>
    public Task<DalpFailover> ResumeAsync(string id, string? until, CancellationToken cancellationToken) =>
        RunAsync(id, until, async journal =>
        {
            if (await GoingOnAsync(world, id, journal.Chain, warn, cancellationToken).ConfigureAwait(false) is not { } goingOn)
            {
                return null;
            }
            world = goingOn;
            var owner = journal.Chain.Records[0].Data;
            if (owner.GetValueOrDefault(JournalFact.Runbook) is { } begunWith && begunWith != Runbook)
            {
                warn($"It was begun by the runbook '{begunWith}', and goes on by '{Runbook}': its people and bounds are those of the latter from now on.");
            }
            var text = runner.TakeOver is null ? "Taken up again." : TakenOver;
            var facts = new Dictionary<string, string> { [JournalFact.Runbook] = Runbook, [JournalFact.MaxDataLoss] = AcceptedLoss, [JournalFact.Version] = JournalChain.Version };
            if (journal.BroughtBack is { } broughtBack)
            {
                warn(broughtBack);
                facts[JournalFact.BroughtBack] = broughtBack;
            }
            await journal.AnnounceAsync(JournalEvent.Resumed, null, null, text, cancellationToken, facts).ConfigureAwait(false);
            return (NotificationPoint.Resumed, text);
        }, cancellationToken);

    /// <summary>The world as a failover goes on in it: of the kind that it was declared as, and with what it has begun.</summary>
    /// <param name="world">The world as it was opened.</param>
    /// <param name="id">The failover's id.</param>
    /// <param name="chain">Its journal; null when there is none.</param>
    /// <param name="warn">Is told that there is nothing to go on with.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The world; null when the failover is finished.</returns>
    /// <exception cref="DalpException">There is none, it is of another topology, it has told another server to become the primary, or the roles have changed since.</exception>
    public static async Task<FailoverWorld?> GoingOnAsync(FailoverWorld world, string id, JournalChain? chain, Action<string> warn, CancellationToken cancellationToken)
    {
        var goingOn = GoingOn(world, id, chain);
        if (chain!.Records[^1] is { Event: JournalEvent.Finished } finished)
        {
            warn($"Failover {id} is finished, since {finished.At:u}: there is nothing to go on with. What is to be done now is another one: New-DalpFailoverPlan.");
            return null;
        }
        RequireSameServer(goingOn, id);
        await RequireNotOutlivedAsync(goingOn, id, chain.Records, cancellationToken).ConfigureAwait(false);
        return goingOn;
    }

    private static FailoverWorld GoingOn(FailoverWorld world, string id, JournalChain? chain)
    {
        if (chain is not { Records: [{ Data: var owner }, ..] records })
        {
            throw new DalpException("FailoverNotFound", FaultKind.NotFound, $"There is no journal of failover {id}, here or in the standby's cluster.", "Get-DalpFailover lists those that are known.", id);
        }
        if (owner[JournalFact.Topology] != world.Topology.Name || owner[JournalFact.Active] != world.Active.Name)
        {
            throw new DalpException(
                "FailoverOfOtherTopology",
                FaultKind.InvalidInput,
                $"Failover {id} is of topology '{owner[JournalFact.Topology]}' with '{owner[JournalFact.Active]}' active, not of '{world.Topology.Name}' with '{world.Active.Name}' active.",
                "Give the topology that it was begun with.",
                id);
        }
        return world.For(Enum.Parse<FailoverKind>(owner[JournalFact.Kind])) with
        {
            Promotion = BegunPromotion.Of(records),
            HasBegunValidators = records.Any(record => record is { Event: JournalEvent.StepStarted, Step: FailoverSteps.Validators }),
            Drained = DrainedPrimary.Of(records),
        };
    }

    // Of two servers that were told to become the primary, both may have.
    private static void RequireSameServer(FailoverWorld world, string id)
    {
        if (world.Promotion is { Server: { } begun } && world.Runbook.Promotion.Server is { } named && named != begun)
        {
            throw new DalpException(
                "PromotionBegunElsewhere",
                FaultKind.Conflict,
                $"Failover {id} has told {begun} to become the primary, and the runbook names {named} now.",
                $"Go on with {begun} (promotion.server). To promote {named} instead, see first that {begun} neither takes writes nor will, and declare another failover: New-DalpFailoverPlan.",
                id);
        }
    }

    // What people vouched for in it was true of its day. Where the roles have changed since, that day is over.
    private static async Task RequireNotOutlivedAsync(FailoverWorld world, string id, IReadOnlyList<JournalRecord> records, CancellationToken cancellationToken)
    {
        if (records.FirstOrDefault(record => record is { Event: JournalEvent.StepDone, Step: FailoverSteps.Promote }) is not { } promoted)
        {
            return;
        }
        var servers = await world.Standby.ReadServersAsync(cancellationToken).ConfigureAwait(false);
        if (servers.Where(one => one.Now is not null).FirstOrDefault(one => world.Promotion?.Server is { } name ? one.Server.Name == name : servers.Count == 1) is not { Now: { } now, Server.Name: var server })
        {
            return;
        }
        // Where it takes writes it is the primary still, and a former one that has come back is stopped first of all, whatever timeline its own elections have brought it to.
        var why = now.IsInRecovery ? "it is a standby again" : now.IsReadOnlyByDefault ? "it was frozen since" : null;
        if (why is not null)
        {
            throw new DalpException(
                "FailoverOutlived",
                FaultKind.Conflict,
                $"Failover {id} promoted {server} at {promoted.At:u}, and {why}: the roles have changed, or are about to.",
                "What is to be done now is another failover, with people's words of today: New-DalpFailoverPlan. Where it was frozen by hand and shall go on, let it write first: Resume-DalpWrite.",
                id);
        }
    }

    private string AcceptedLoss => world.MaxDataLoss?.ToString("c", CultureInfo.InvariantCulture) ?? "";

    private string Runbook => $"{world.Runbook.Name} {world.Runbook.Version} of {world.Runbook.Date.ToString("O", CultureInfo.InvariantCulture)}";

    private string TakenOver => $"Taken over; {runner.TakeOver} vouches that the former process is gone.";

    private async Task<DalpFailover> RunAsync(string id, string? until, Func<FailoverJournal, Task<(NotificationPoint Point, string Text)?>> openAsync, CancellationToken cancellationToken)
    {
        var recipes = FailoverSequence.For(world.Runbook);
        FailoverEngine.RequireStep(recipes, until);
        await ActionRunner.WarmUpAsync(cancellationToken).ConfigureAwait(false);
        var (cluster, space) = (world.Standby.Control, world.Standby.Namespace);
        var lease = await FailoverLease.TakeAsync(cluster, space, id, runner, warn, world.Time, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            var (file, mirror) = await store.OpenAsync(id, cluster, space, cancellationToken).ConfigureAwait(false);
            using var journal = new FailoverJournal(file, mirror, runner.Operator, warn, world.Time);
            if (await openAsync(journal).ConfigureAwait(false) is not var (point, text))
            {
                return DalpFailover.Read(id, journal.Chain, file.Path);
            }
            var notifier = new FailoverNotifier(id, world, warn);
            await using var told = notifier.ConfigureAwait(false);
            notifier.Tell(point, null, text);
            if (world.ActiveIsGone is { } word)
            {
                await journal.AnnounceAsync(
                    JournalEvent.Attested, null, null, word.ToString(), cancellationToken, new Dictionary<string, string> { [JournalFact.Vouched] = "ActiveIsGone" }).ConfigureAwait(false);
            }
            var engine = new FailoverEngine(id, world.Runbook, world, journal, lease, crew, world.Time);
            await foreach (var result in engine.RunAsync(recipes, until, cancellationToken).ConfigureAwait(false))
            {
                crew.StepEnded(result);
                notifier.Tell(
                    result.Outcome == FailoverOutcome.Succeeded ? NotificationPoint.StepDone : NotificationPoint.Stopped,
                    result.Step,
                    result.Outcome != FailoverOutcome.Succeeded && FailoverHandOver.Standstill(journal.Chain.Records) is { } standstill ? $"{standstill} {result.Detail}" : result.Detail);
            }
            var failover = DalpFailover.Read(id, journal.Chain, file.Path);
            if (failover.Outcome == FailoverOutcome.Succeeded)
            {
                notifier.Tell(NotificationPoint.Finished, null, $"Every step is done, after {failover.Elapsed:g}.");
            }
            return failover;
        }
    }
}
