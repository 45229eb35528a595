using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Postgres;
using k8s.Autorest;

namespace DalpHa.Lab.Faults;

/// <summary>The faults in force, and the way back from each. One is injected or undone at a time.</summary>
/// <param name="lab">The lab's name.</param>
/// <param name="regions">Both regions.</param>
/// <param name="databases">The database pair.</param>
/// <param name="time">The clock.</param>
/// <param name="changed">Is told after each fault: a server may be another process by then.</param>
internal sealed class FaultBoard(string lab, IReadOnlyList<Region> regions, PostgresPair databases, TimeProvider time, Action changed)
{
    private static readonly ILabFault[] Known =
    [
        new MissingSecretFault(),
        new DifferentSecretFault(),
        new ImageDriftFault(),
        new CrashLoopFault(),
        new ReplicationLinkCutFault(),
        new ReplayPausedFault(),
        new StandbyDatabaseKilledFault(),
        new ExpiredCertificateFault(),
        new NodeLossFault(),
        new ApiHungFault(),
        new ApiFailingFault(),
        new RegionUnreachableFault(),
        new RegionLostFault(),
        new SlowPromotionFault(),
        new PromotionFailsFault(),
        new WorkloadNeverReadyFault(),
        new OperatorDownFault(),
        new DiskFullFault(),
    ];

    private readonly Dictionary<(LabFault, SiteRole), (DalpLabFault Shown, Injection Injection)> inForce = [];
    private readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>The faults in force, the oldest first.</summary>
    public IReadOnlyList<DalpLabFault> InForce
    {
        get
        {
            lock (inForce)
            {
                return inForce.Values.Select(entry => entry.Shown).OrderBy(fault => fault.At).ToList();
            }
        }
    }

    public Task<DalpLabFault> InjectAsync(LabFault name, SiteRole? site, TimeSpan? length, CancellationToken cancellationToken) => InTurnAsync(name, site, cancellationToken, async role =>
    {
        if (Find(name, role) is { } already)
        {
            return already.Shown with { State = LabFaultState.AlreadyInjected };
        }
        var scene = new FaultScene(regions.First(region => region.Site.Role == role), databases, time, other => Find(other, role) is not null, length);
        var injection = await Known.First(fault => fault.Name == name).InjectAsync(scene, cancellationToken);
        var shown = Show(name, role, LabFaultState.Injected, injection.Target);
        lock (inForce)
        {
            inForce[(name, role)] = (shown, injection);
        }
        await (injection.ShowsAsync?.Invoke(cancellationToken) ?? Task.CompletedTask);
        return shown;
    });

    public Task<DalpLabFault> UndoAsync(LabFault name, SiteRole? site, CancellationToken cancellationToken) => InTurnAsync(name, site, cancellationToken, async role =>
    {
        if (Find(name, role) is not { } entry)
        {
            return Show(name, role, LabFaultState.NotInjected, "");
        }
        await entry.Injection.UndoAsync(cancellationToken);
        lock (inForce)
        {
            inForce.Remove((name, role));
        }
        await SettleAsync(role, cancellationToken);
        return Show(name, role, LabFaultState.Undone, entry.Injection.Target) with { Note = await NoteAsync(cancellationToken) };
    });

    // Whoever undoes a fault looks at the site next, and takes what is still coming up for broken. While another fault is in force it can't settle.
    private async Task SettleAsync(SiteRole role, CancellationToken cancellationToken)
    {
        // Nor does it when a failover has been there: what it stopped stays stopped, and what it isolated stays isolated.
        if (InForce.All(fault => fault.Site != role) && await PostgresPair.IsInRecoveryAsync(databases.Standby, cancellationToken) != false)
        {
            await regions.First(region => region.Site.Role == role).WaitUntilSettledAsync(cancellationToken);
        }
    }

    private async Task<string> NoteAsync(CancellationToken cancellationToken)
    {
        if (await PostgresPair.IsInRecoveryAsync(databases.Standby, cancellationToken) != false)
        {
            return "";
        }
        return await PostgresPair.IsInRecoveryAsync(databases.Primary, cancellationToken) == false
            ? $"{databases.Standby.Name} was promoted meanwhile, and {databases.Primary.Name} is a primary as well: two histories. Isolate the former active site, or start the lab anew."
            : $"{databases.Standby.Name} was promoted meanwhile. To have the first roles again, fail back, or start the lab anew.";
    }

    private (DalpLabFault Shown, Injection Injection)? Find(LabFault name, SiteRole role)
    {
        lock (inForce)
        {
            return inForce.TryGetValue((name, role), out var entry) ? entry : null;
        }
    }

    private DalpLabFault Show(LabFault name, SiteRole role, LabFaultState state, string target) =>
        new() { Lab = lab, Name = name, Site = role, State = state, Target = target, At = time.GetUtcNow() };

    private async Task<DalpLabFault> InTurnAsync(LabFault name, SiteRole? site, CancellationToken cancellationToken, Func<SiteRole, Task<DalpLabFault>> work)
    {
        if (site == SiteRole.Active && !LabFaults.HasSite(name))
        {
            throw new DalpException(
                "LabFaultHasNoSite", FaultKind.InvalidInput, $"The fault {name} belongs to the standby's database and can't be put on the active site.", "Leave -Site out.", name.ToString());
        }
        await turn.WaitAsync(cancellationToken);
        try
        {
            var done = await work(LabFaults.SiteOf(name, site));
            changed();
            return done;
        }
        catch (Exception exception) when (exception is HttpOperationException or HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new DalpException(
                "LabApiFailed",
                FaultKind.Unavailable,
                $"The lab's Kubernetes API did not do what the fault {name} asks of it: {Reason(exception)}",
                "Undo ApiHung and ApiFailing on that site first, if one of them is in force.",
                name.ToString(),
                exception);
        }
        finally
        {
            turn.Release();
        }
    }

    private static string Reason(Exception exception) => exception switch
    {
        HttpOperationException { Response.StatusCode: var status } => $"it answered {(int)status} {status}.",
        OperationCanceledException => "it did not answer in time.",
        _ => exception.Message,
    };
}
