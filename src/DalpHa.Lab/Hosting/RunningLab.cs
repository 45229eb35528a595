using DalpHa.Core.Lab;
using DalpHa.Core.State;
using DalpHa.Core.Topology;
using DalpHa.Lab.Faults;
using DalpHa.Lab.Postgres;
using DalpHa.Lab.Seed;
using Microsoft.Extensions.Logging;

namespace DalpHa.Lab.Hosting;

/// <summary>A whole lab in this process: two regions, a database pair, faults, load and the endpoint that commands it.</summary>
internal sealed class RunningLab : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> parts = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly LabSettings settings;
    private readonly LabClaim claim;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly ILogger audit;

    private RunningLab(LabSettings settings, LabClaim claim, TimeProvider time, ILogger log, ILogger audit)
    {
        this.settings = settings;
        this.claim = claim;
        this.time = time;
        this.log = log;
        this.audit = audit;
    }

    public PostgresPair Databases { get; private set; } = null!;

    /// <summary>The active site's region and the standby's, by what they were started as.</summary>
    public IReadOnlyList<Region> Regions { get; private set; } = [];

    public FaultBoard Faults { get; private set; } = null!;

    public PlatformLoad Load { get; private set; } = null!;

    /// <summary>Brings everything up.</summary>
    /// <param name="settings">The lab.</param>
    /// <param name="claim">Its hold on name and folder, which outlives it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    /// <param name="audit">The log of who asks what of the two APIs.</param>
    /// <param name="progress">Is told each step.</param>
    /// <param name="stop">Is told when somebody asks that the lab shall end.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Core.Errors.DalpException">It could not be brought up. Nothing is left running.</exception>
    public static async Task<RunningLab> StartAsync(
        LabSettings settings, LabClaim claim, TimeProvider time, ILogger log, ILogger audit, Action<LabProgress> progress, Action stop, CancellationToken cancellationToken)
    {
        var lab = new RunningLab(settings, claim, time, log, audit);
        try
        {
            await lab.BringUpAsync(progress, stop, cancellationToken);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends everything, the last started first.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        while (parts.TryPop(out var part))
        {
            try
            {
                await part.DisposeAsync();
            }
            catch (Exception exception)
            {
                // What can't be ended in order is ended by its id when the claim is let go.
                log.LogError("{Part} did not end in order: {Reason}", part.GetType().Name, exception.Message);
            }
        }
        stopping.Dispose();
    }

    private async Task BringUpAsync(Action<LabProgress> progress, Action stop, CancellationToken cancellationToken)
    {
        progress(new LabProgress("Starting two PostgreSQL servers", 10));
        var databases = await StartDatabasesAsync(cancellationToken);
        var doors = OpenDoors(databases);
        progress(new LabProgress("Starting two Kubernetes APIs", 60));
        // Whatever the lab is called, its contexts and regions say that it is one.
        var prefix = settings.Name.StartsWith("lab", StringComparison.Ordinal) ? settings.Name : $"lab-{settings.Name}";
        LabSite[] sites =
        [
            new(SiteRole.Active, $"{prefix}-active", "lab-west", databases.Primary.Name, doors[0].Door.Port) { ReadyAfter = settings.ReadyAfter },
            new(SiteRole.Standby, $"{prefix}-standby", "lab-east", databases.Standby.Name, doors[1].Door.Port) { ReadyAfter = settings.ReadyAfter },
        ];
        var regions = await StartRegionsAsync(sites, doors, cancellationToken);
        claim.Update(record => record with { Children = ChildrenOf(databases, regions) });
        progress(new LabProgress("Seeding both sites", 70));
        var secrets = new PlatformSecrets(databases.Passwords, time);
        await Task.WhenAll(regions.Select((region, index) => region.SeedAsync(secrets, sites[1 - index], databases, settings.Database, time, log, cancellationToken)));
        AtomicFile.WriteAllText(claim.Record.KubeconfigPath, KubeconfigText.Of([.. regions.Select(region => region.Kubeconfig)]));
        AtomicFile.WriteAllText(claim.Record.TopologyPath, TopologyText.Of(settings.Name, sites[0], sites[1]));
        AtomicFile.WriteAllText(LabFolder.Runbook(settings.Folder), RunbookText.Of(settings.Name, sites[0], sites[1], settings.Database, time.GetUtcNow()));
        AtomicFile.WriteAllText(LabFolder.RejoinHook(settings.Folder), RejoinHookText.Of(settings.Name, claim.RegistryRoot));
        progress(new LabProgress("Waiting for the workloads", 85));
        await Task.WhenAll(regions.Select(region => region.WaitUntilSettledAsync(cancellationToken)));
        await OpenAsync(regions, databases, stop);
        log.LogInformation("The lab is up.");
    }

    private async Task<PostgresPair> StartDatabasesAsync(CancellationToken cancellationToken)
    {
        var options = new PostgresPairOptions { Folder = claim.Record.DatabaseFolder };
        var pair = Keep(await PostgresPair.StartAsync(options, cancellationToken));
        claim.Update(record => record with
        {
            Children = ChildrenOf(pair, []),
            PasswordFile = pair.PasswordFile,
        });
        return pair;
    }

    private SiteDatabase[] OpenDoors(PostgresPair pair)
    {
        SiteDatabase[] doors = [Keep(new SiteDatabase(pair, pair.Primary, Port(2))), Keep(new SiteDatabase(pair, pair.Standby, Port(3)))];
        claim.Update(record => record with { Databases = [.. doors.Select(door => new LabDatabase(door.Server.Name, door.Door.Port))] });
        return doors;
    }

    private async Task OpenAsync(IReadOnlyList<Region> regions, PostgresPair databases, Action stop)
    {
        (Databases, Regions) = (databases, regions);
        Load = Keep(new PlatformLoad(regions, log));
        Faults = new FaultBoard(settings.Name, regions, databases, time, () => claim.Update(record => record with { Children = ChildrenOf(databases, regions) }));
        var rejoin = new ServerRejoin(regions, databases, () => claim.Update(record => record with { Children = ChildrenOf(databases, regions) }));
        var control = Keep(await ControlEndpoint.StartAsync(Port(4), regions, Faults, Load, rejoin, stop, stopping.Token));
        await Load.SetAsync(settings.WriteLoad, CancellationToken.None);
        claim.Update(record => record with { IsReady = true, Contexts = [.. regions.Select(region => region.Site.Context)], Control = control.Address, ControlToken = control.Token });
    }

    private async Task<IReadOnlyList<Region>> StartRegionsAsync(LabSite[] sites, SiteDatabase[] doors, CancellationToken cancellationToken)
    {
        var starts = sites.Select((site, index) => Region.StartAsync(site, doors[index], settings.ApiServer, settings.Folder, Port(index), time, audit, cancellationToken)).ToList();
        await ((Task)Task.WhenAll(starts)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Kept first: when one did not come up, the other is ended with the rest.
        foreach (var start in starts.Where(start => start.IsCompletedSuccessfully))
        {
            Keep(await start);
        }
        return await Task.WhenAll(starts);
    }

    private static List<ProcessIdentity> ChildrenOf(PostgresPair pair, IReadOnlyList<Region> regions) =>
        new[] { pair.Primary.ProcessId, pair.Standby.ProcessId }.OfType<int>().Concat(regions.SelectMany(region => region.Api.ProcessIds)).Select(ProcessIdentity.Of).OfType<ProcessIdentity>().ToList();

    private int Port(int index) => settings.Port == 0 ? 0 : settings.Port + index;

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        parts.Push(part);
        return part;
    }
}
