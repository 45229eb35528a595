using System.Runtime.ExceptionServices;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Simulation;
using DalpHa.Core.Tests.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>Two sites in memory, the processes that fail over between them, and the one thing that must never be: two databases that take writes.</summary>
internal sealed class TestPlatform : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("dalpha-failover-").FullName;
    private int processes;
    private string? lastProcess;
    private ExceptionDispatchInfo? violation;

    public TestPlatform()
    {
        OnChange = RequireOneWriter;
        Active = new TestSite(SiteOf(SiteRole.Active, "west"), isPrimary: true, Given.Workload("dapp", 2), Given.Workload("dapi", 2), Given.Workload("signer", 1), Given.Workload("validator", 4, kind: WorkloadKind.StatefulSet));
        Standby = new TestSite(SiteOf(SiteRole.Standby, "east"), isPrimary: false, Given.Workload("dapp", 2), Given.Workload("dapi", 0) with { RememberedReplicas = 2 }, Given.Workload("signer", 0), Given.Workload("validator", 0, kind: WorkloadKind.StatefulSet));
        Standby.Follows = () => Active.IsDown ? null : (Active.NextTransactionId - ToReceive, Active.NextTransactionId - ToReplay);
        Topology = new DalpTopology
        {
            Name = "production",
            Active = Active.Site,
            Standby = Standby.Site,
            Workloads =
            [
                Given.Rule("dapp", StandbyMode.Running, WorkloadRole.Service),
                Given.Rule("dapi", StandbyMode.Zero, WorkloadRole.Writer),
                Given.Rule("signer", StandbyMode.Zero, WorkloadRole.Signer),
                Given.Rule("validator", StandbyMode.Zero, WorkloadRole.Validator),
            ],
        };
    }

    public QuickTime Time { get; } = new();
    public TestSite Active { get; }
    public TestSite Standby { get; }
    public DalpTopology Topology { get; set; }
    public DalpRunbook Runbook { get; set; } = TestRunbook();
    public TestCrew Crew { get; } = new();
    public List<string> Warnings { get; } = [];
    public Attestation? ActiveIsGone { get; set; }
    public TimeSpan? MaxDataLoss { get; set; }
    public long MissingBytes { get; set; }
    public FailoverKind Kind { get; set; } = FailoverKind.Failover;

    /// <summary>What the standby never receives of the primary's log.</summary>
    public ulong ToReceive { get; set; }

    /// <summary>What it never replays.</summary>
    public ulong ToReplay { get; set; }

    /// <summary>How the replication is measured, where it is not as it should be.</summary>
    public Func<DalpReplicationLag, DalpReplicationLag> Measured { get; set; } = lag => lag;
    public List<(string Script, string Purpose)> Hooks { get; } = [];
    public Dictionary<Uri, List<string>> Posts { get; } = [];
    public DalpException? HookFailure { get; set; }
    public Func<CancellationToken, Task> OnHook { get; set; } = _ => Task.CompletedTask;

    /// <summary>Is called after each change of a site. What it asserts in vain fails the test at the latest when this is disposed: the engine takes it for a failure of the site.</summary>
    public Action OnChange { get; set; }

    public string Folder(string machine) => Path.Combine(home, machine);

    /// <summary>The journals of all machines.</summary>
    public IEnumerable<string> Journals => Directory.EnumerateFiles(home, "*.jsonl", SearchOption.AllDirectories);

    public FailoverWorld World(Crash? crash = null)
    {
        crash ??= new Crash();
        return new FailoverWorld
        {
            Topology = Topology,
            Runbook = Runbook,
            Kind = Kind,
            Active = Active.Seen(crash, Watch),
            Standby = Standby.Seen(crash, Watch),
            MeasureLagAsync = _ => Task.FromResult<IReadOnlyList<DalpReplicationLag>>([Measured(Lag())]),
            ActiveIsGone = ActiveIsGone,
            MaxDataLoss = MaxDataLoss,
            RunHookAsync = (hook, bound) =>
            {
                Hooks.Add((hook.Path, hook.Purpose));
                return HookFailure is { } failure ? Task.FromException(failure) : OnHook(bound);
            },
            PostAsync = (address, json, _) =>
            {
                lock (Posts)
                {
                    Posts.TryAdd(address, []);
                    Posts[address].Add(json);
                }
                return address.Host == "silent.example.com" ? Task.FromException(TestSite.Down()) : Task.CompletedTask;
            },
            Time = Time,
        };
    }

    /// <summary>The same world for a rehearsal: nothing reaches the sites.</summary>
    public FailoverWorld RehearsedWorld(Action<ToldWrite> tell)
    {
        var world = World();
        return world with { Active = Telling(world.Active), Standby = Telling(world.Standby) };

        FailoverSite Telling(FailoverSite real)
        {
            var changes = new SimulatedChanges();
            ICloudNativePg? OperatorOf(FailoverSite site) => (site.Site.Role == SiteRole.Active ? Active : Standby).Postgres is null ? null : new TellingCloudNativePg(site.CloudNativePg, site.Name, tell);
            var databases = new Dictionary<string, TellingDatabaseControl>();
            return new FailoverSite(
                real.Site, new SimulatedCluster(real.Cluster, changes), new TellingClusterControl(real.Control, real.Name, changes, tell), OperatorOf(real), null,
                async (server, cancellationToken) =>
                {
                    if (!databases.TryGetValue(server.Name, out var database))
                    {
                        databases[server.Name] = database = new TellingDatabaseControl(await real.OpenDatabaseAsync(server, cancellationToken), real.Name, tell);
                    }
                    return database;
                });
        }
    }

    public FailoverRun Process(Crash? crash = null, string machine = "laptop", bool takeOver = false)
    {
        lastProcess = $"{++processes}:0";
        return new FailoverRun(
            World(crash), new FailoverStore(Folder(machine)), new FailoverRunner($"operator@{machine}", lastProcess, takeOver ? "Second Operator" : null), Crew, Warnings.Add);
    }

    /// <summary>Gives a site a second database server, which follows the first.</summary>
    public TestSite AddReplica(TestSite site)
    {
        site.Replica = new TestSite(site.Site, isPrimary: false);
        site.Site = site.Site with { Database = new DatabaseSettings { Servers = [.. site.Site.Database!.Servers, new DatabaseServerSettings { Name = TestSite.ReplicaName, Host = "db-2." + site.Site.Name }] } };
        Topology = site == Active ? Topology with { Active = site.Site } : Topology with { Standby = site.Site };
        return site.Replica;
    }

    public void RequireOneWriter() => Assert.False(Active.TakesWrites && Standby.TakesWrites, "Two databases take writes.");

    public void Dispose()
    {
        Directory.Delete(home, recursive: true);
        violation?.Throw();
    }

    private void Watch()
    {
        try
        {
            OnChange();
        }
        catch (Xunit.Sdk.XunitException exception)
        {
            violation ??= ExceptionDispatchInfo.Capture(exception);
            throw;
        }
    }

    public static FailoverDeclaration Declaration { get; } = new("Head of Operations", "The region is lost.");

    private DalpReplicationLag Lag() => new()
    {
        Site = "east",
        Standby = "pg",
        Primary = Active.IsDown ? null : "pg",
        Link = Active.IsDown ? ReplicationLink.Unknown : ReplicationLink.Streaming,
        Status = CheckStatus.Pass,
        PrimaryLsn = Active.IsDown ? null : new Lsn(5000),
        ReceiveLsn = new Lsn(5000),
        ReplayLsn = new Lsn(5000),
        ReceiveLagBytes = Active.IsDown ? null : MissingBytes,
        ReplayLagBytes = 0,
        LagTime = Active.IsDown ? null : MissingBytes == 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(2),
        PossibleLoss = Active.IsDown ? TimeSpan.FromMinutes(3) : null,
        Threshold = new LagThreshold(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60)),
        Detail = "Measured.",
        At = Time.GetUtcNow(),
    };

    private static DalpSite SiteOf(SiteRole role, string name) => new()
    {
        Role = role,
        Name = name,
        Cluster = new ClusterAddress("dalp-" + name),
        Namespace = "dalp",
        Database = new DatabaseSettings { Servers = [new DatabaseServerSettings { Name = "pg", Host = "db." + name }] },
    };

    private static DalpRunbook TestRunbook() => new()
    {
        Name = "production",
        Version = "1",
        Date = new DateOnly(2026, 5, 1),
        ReviewBy = new DateOnly(2026, 12, 1),
        DecisionOwner = "Head of Operations",
        Promotion = new PromotionProcedure(PromotionMethod.SelfRun),
        BackupRecoveryRunbook = "https://runbooks.example.com/restore",
        Steps = [.. FailoverSteps.AfterDecision.Select(step => new RunbookStep(step.Name, "Owner of " + step.Name, "It does not come.") { Timeout = TimeSpan.FromSeconds(40), Expected = TimeSpan.FromMinutes(1) })],
    };
}

/// <summary>People who agree to everything, but what a test makes them refuse; and who may stop the run.</summary>
internal sealed class TestCrew : IFailoverCrew
{
    public List<string> Asked { get; } = [];
    public List<DalpStepResult> Ended { get; } = [];
    public string? Refuses { get; set; }
    public Action<string>? OnAsked { get; set; }
    public Action<string>? OnEnded { get; set; }

    public Task<bool> ConfirmAsync(StepQuestion question, CancellationToken cancellationToken)
    {
        Asked.Add(question.Step.Name);
        OnAsked?.Invoke(question.Step.Name);
        return Task.FromResult(question.Step.Name != Refuses);
    }

    public Task<string?> AttestAsync(StepQuestion question, CancellationToken cancellationToken)
    {
        Asked.Add(question.Step.Name);
        OnAsked?.Invoke(question.Step.Name);
        return Task.FromResult(question.Step.Name == Refuses ? null : $"{question.Plan.Owner}: done.");
    }

    public void Show(FailoverProgress progress)
    {
    }

    public void StepEnded(DalpStepResult result)
    {
        Ended.Add(result);
        OnEnded?.Invoke(result.Step);
    }
}
