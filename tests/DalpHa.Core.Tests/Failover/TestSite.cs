using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Core.Tests.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>One site in memory: workloads that start and stop at once, and a database that knows whether it writes. It outlives the processes that change it.</summary>
internal sealed class TestSite
{
    private readonly Lock turn = new();

    public TestSite(DalpSite site, bool isPrimary, params Workload[] workloads)
    {
        Site = site;
        IsInRecovery = !isPrimary;
        Cluster.Workloads = [.. workloads];
        Cluster.Nodes = [Given.Node("node-1", 64, site.Name)];
        Cluster.Routes = [new IngressRoute("Ingress", "dapp", "nginx", ["dalp.example.com"])];
        SetPods();
    }

    public DalpSite Site { get; set; }

    /// <summary>A second database server, which follows the first; null where there is none.</summary>
    public TestSite? Replica { get; set; }
    public FakeCluster Cluster { get; } = new();
    public Dictionary<string, ClusterNote> Notes { get; } = [];
    public Dictionary<string, ClusterLease> Leases { get; } = [];
    public List<string> Changes { get; } = [];

    public bool IsInRecovery { get; set; }
    public bool IsReadOnly { get; set; }
    public bool IsStuck { get; set; }
    public bool RefusesPromotion { get; set; }
    public ulong NextTransactionId { get; set; } = 1000;

    /// <summary>Sessions that may keep what was the default before it was read-only; they end when they are told to.</summary>
    public int OlderSessions { get; set; }

    /// <summary>Sessions that are not ended when they are told to, and write on in a transaction that began before it was read-only.</summary>
    public List<OpenTransaction> LeftAlone { get; } = [];

    /// <summary>Who has a default of his own, and writes whatever the server's is.</summary>
    public List<string> Overrides { get; set; } = [];
    public int PreparedTransactions { get; set; }

    /// <summary>While it follows: up to where it has received and replayed.</summary>
    public Func<(ulong Received, ulong Replayed)?> Follows { get; set; } = () => null;
    public int Timeline { get; set; } = 1;

    /// <summary>What it has for those that follow it, but its role and timeline, which it knows by itself.</summary>
    public ServerProvision Provision { get; set; } = new(
        DateTimeOffset.UnixEpoch, false, 1, [], [], "", new WalArchiving("on", true, new WalArchiver(null, null, null)), new RewindBasis(true, true, true), 0, null);

    /// <summary>Why that can't be read; null when it can.</summary>
    public DalpException? ProvisionFailure { get; set; }
    public bool IsDown { get; set; }
    public bool HangsOnLeases { get; set; }

    /// <summary>What its other servers do with writes, by name; null for one that does not answer.</summary>
    public Dictionary<string, WriteActivity?> OtherServers { get; } = [];

    /// <summary>Its CloudNativePG Cluster; null where nobody else runs the database.</summary>
    public PostgresCluster? Postgres { get; set; }

    /// <summary>Whether the Cluster's operator does nothing of what its Cluster asks for.</summary>
    public bool OperatorIsDown { get; set; }

    /// <summary>Whether it takes no part of a journal.</summary>
    public bool RefusesNotes { get; set; }

    /// <summary>Is called with each part of a journal that it was given.</summary>
    public Action<ClusterNote> OnNote { get; set; } = _ => { };

    /// <summary>Is called whenever a process reaches for it, before it answers.</summary>
    public Action? OnReached { get; set; }

    /// <summary>A site that is down in these tests is dead: nothing there writes.</summary>
    public bool TakesWrites => (!IsDown && DatabaseFailure is null && !IsInRecovery && (!IsReadOnly || OlderSessions > 0)) || Replica is { TakesWrites: true };

    /// <summary>What <see cref="Replica"/> is called.</summary>
    public const string ReplicaName = "pg-2";

    public static DalpException Down() => new("ClusterUnreachable", FaultKind.Unreachable, "Connection refused.", "Look at the network.", "fake");

    /// <summary>What a process sees of it and does to it.</summary>
    public FailoverSite Seen(Crash crash, Action onChange) => new(
        Site, Cluster, new Control(this, crash, onChange), Postgres is null ? null : new Operator(this, crash, onChange), null, (server, _) => Task.FromResult<IDatabaseControl>(new Database(server.Name == ReplicaName ? Replica! : this, server.Name, crash, onChange)));

    /// <summary>Why its database does not answer, or refuses; null when it answers.</summary>
    public DalpException? DatabaseFailure { get; set; }

    /// <summary>Workloads whose pods do not go: their node is dead.</summary>
    public HashSet<string> Hanging { get; } = [];

    /// <summary>Pods that no workload owns.</summary>
    public IReadOnlyList<Pod> Strays { get; set; } = [];

    public void SetPods() => Cluster.Pods = [.. Strays, .. Cluster.Workloads.SelectMany(workload => Enumerable.Range(0, Math.Max(workload.Desired, Hanging.Contains(workload.Name) ? 1 : 0)).Select(index => Given.Pod(workload.Name, index)))];

    public void SetDown(bool isDown)
    {
        IsDown = isDown;
        Cluster.Down = isDown ? Down() : null;
    }

    private void Require()
    {
        OnReached?.Invoke();
        if (IsDown)
        {
            throw Down();
        }
    }

    private sealed class Control(TestSite site, Crash crash, Action onChange) : IClusterControl
    {
        public Task ScaleAsync(string @namespace, WorkloadKind kind, string name, int replicas, int? remember, CancellationToken cancellationToken) => Change($"scale {name} {replicas}", () =>
        {
            var index = site.Cluster.Workloads.FindIndex(workload => workload.Kind == kind && workload.Name == name);
            site.Cluster.Workloads[index] = site.Cluster.Workloads[index] with { Desired = replicas, Ready = replicas, Updated = replicas, RememberedReplicas = remember };
            site.SetPods();
        });

        public Task SetSuspendedAsync(string @namespace, string name, bool suspended, CancellationToken cancellationToken) => Change($"suspend {name} {suspended}", () =>
            site.Cluster.CronJobs = [.. site.Cluster.CronJobs.Select(one => one.Name != name || (suspended && one.IsSuspended) ? one : one with { IsSuspended = suspended, IsRemembered = suspended })]);

        public Task SetRouteOpenAsync(string @namespace, string kind, string name, bool open, CancellationToken cancellationToken) => Change($"ingress {name} {open}", () =>
            site.Cluster.Routes = [.. site.Cluster.Routes.Select(route => route.Kind == kind && route.Name == name ? route with { IsClosed = !open } : route)]);

        public Task<ClusterNote?> FindNoteAsync(string @namespace, string name, CancellationToken cancellationToken)
        {
            site.Require();
            return Task.FromResult(site.Notes.GetValueOrDefault(name));
        }

        public Task<IReadOnlyList<ClusterNote>> ListNotesAsync(string @namespace, string label, CancellationToken cancellationToken)
        {
            site.Require();
            var wanted = label.Split('=');
            return Task.FromResult<IReadOnlyList<ClusterNote>>(
                [.. site.Notes.Values.Where(note => note.Labels.TryGetValue(wanted[0], out var value) && (wanted.Length == 1 || value == wanted[1])).OrderBy(note => note.Name, StringComparer.Ordinal)]);
        }

        public Task<ClusterNote> WriteNoteAsync(string @namespace, ClusterNote note, CancellationToken cancellationToken)
        {
            if (site.RefusesNotes)
            {
                throw Down();
            }
            Write(() => site.Notes[note.Name] = note with { Version = Next(site.Notes.GetValueOrDefault(note.Name)?.Version, note.Version, note.Name) });
            site.OnNote(site.Notes[note.Name]);
            return Task.FromResult(site.Notes[note.Name]);
        }

        public async Task<ClusterLease?> FindLeaseAsync(string @namespace, string name, CancellationToken cancellationToken)
        {
            if (site.HangsOnLeases)
            {
                await Task.Delay(System.Threading.Timeout.InfiniteTimeSpan, cancellationToken);
            }
            site.Require();
            return site.Leases.GetValueOrDefault(name);
        }

        public Task<ClusterLease> WriteLeaseAsync(string @namespace, ClusterLease lease, CancellationToken cancellationToken)
        {
            Write(() => site.Leases[lease.Name] = lease with { Version = Next(site.Leases.GetValueOrDefault(lease.Name)?.Version, lease.Version, lease.Name) });
            return Task.FromResult(site.Leases[lease.Name]);
        }

        private Task Change(string what, Action change)
        {
            Write(() =>
            {
                change();
                site.Changes.Add(what);
                onChange();
            });
            return Task.CompletedTask;
        }

        private void Write(Action change)
        {
            site.Require();
            // Actions of one stage come at the same time.
            lock (site.turn)
            {
                crash.Around(change);
            }
        }

        private static string Next(string? there, string? given, string name) => there == given
            ? (int.Parse(there ?? "0", null) + 1).ToString(null, null)
            : throw new DalpException("ApiConflict", FaultKind.Conflict, $"'{name}' was changed.", "Read it again.", name);
    }

    private sealed class Operator(TestSite site, Crash crash, Action onChange) : ICloudNativePg
    {
        public Task<PostgresCluster?> FindAsync(string @namespace, string name, CancellationToken cancellationToken)
        {
            Require();
            return Task.FromResult(name == site.Postgres!.Name ? site.Postgres : null);
        }

        private void Require()
        {
            site.Require();
            if (site.Cluster.Down is { } failure)
            {
                throw failure;
            }
        }

        private Task<PostgresCluster> ChangeAsync(string what, Action change)
        {
            Require();
            crash.Around(() =>
            {
                change();
                site.Changes.Add(what);
                onChange();
            });
            return Task.FromResult(site.Postgres!);
        }

        public Task<PostgresCluster> SetFencedAsync(PostgresCluster cluster, bool isFenced, CancellationToken cancellationToken)
        {
            site.Require();
            crash.Around(() =>
            {
                site.Postgres = site.Postgres! with { FencedInstances = isFenced ? ["*"] : [] };
                site.Changes.Add($"fence {isFenced}");
                onChange();
            });
            return Task.FromResult(site.Postgres!);
        }

        public Task<PostgresCluster> SetReadOnlyDefaultAsync(PostgresCluster cluster, string? value, string? before, CancellationToken cancellationToken)
        {
            site.Require();
            crash.Around(() =>
            {
                site.Postgres = site.Postgres! with { ReadOnlyDefault = value, ReadOnlyBefore = before };
                foreach (var server in site.OperatorIsDown ? [] : new[] { site, site.Replica })
                {
                    server?.IsReadOnly = value == "on";
                }
                site.Changes.Add($"parameter {value ?? "out"}");
                onChange();
            });
            return Task.FromResult(site.Postgres!);
        }

        public Task<PostgresCluster> DemoteAsync(PostgresCluster cluster, string primary, CancellationToken cancellationToken) => ChangeAsync("demote", () =>
        {
            site.Postgres = site.Postgres! with { Primary = primary, PromotionToken = null };
            // A PostgreSQL that does not run leaves no token, and its Cluster is a replica all the same.
            if (!site.OperatorIsDown && site.DatabaseFailure is null && !site.Postgres.IsFenced)
            {
                site.IsInRecovery = true;
                site.Postgres = site.Postgres with { DemotionToken = TestToken.Of(site.Postgres.SystemIdentifier!, site.Timeline, new Lsn(site.NextTransactionId - 1)) };
            }
        });

        public Task<PostgresCluster> PromoteAsync(PostgresCluster cluster, string? token, CancellationToken cancellationToken) => ChangeAsync(token is null ? "promote without token" : "promote by token", () =>
        {
            (site.IsInRecovery, site.Timeline) = (false, site.Timeline + 1);
            site.Postgres = site.Postgres! with { Primary = site.Postgres.NameInTopology, PromotionToken = token, LastPromotionToken = token ?? site.Postgres.LastPromotionToken, Timeline = site.Timeline };
        });

        public Task<PostgresCluster> DisableReplicaAsync(PostgresCluster cluster, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Database(TestSite site, string name, Crash crash, Action onChange) : IDatabaseControl
    {
        public string Name => name;

        public Task<WriteActivity> ReadActivityAsync(CancellationToken cancellationToken)
        {
            RequireRunning();
            if (site.OtherServers.TryGetValue(name, out var other))
            {
                return other is { } now ? Task.FromResult(now) : throw Down();
            }
            // Whoever writes does so whenever the database lets him.
            site.NextTransactionId += site.TakesWrites && site.Cluster.Workloads.Exists(workload => workload is { Name: "dapi", Desired: > 0 }) ? 1UL : 0;
            return Task.FromResult(new WriteActivity(
                DateTimeOffset.UnixEpoch, site.IsInRecovery, site.IsReadOnly, site.IsInRecovery ? null : site.NextTransactionId, 0, site.PreparedTransactions, 0, site.IsInRecovery ? null : new Lsn(site.NextTransactionId), site.Timeline)
            {
                OlderSessions = site.OlderSessions,
                LeftAlone = [.. site.LeftAlone],
                Overrides = [.. site.Overrides],
                EndLsn = site.IsInRecovery ? null : new Lsn(site.NextTransactionId),
                ReceivedLsn = site.IsInRecovery && site.Follows() is { Received: var received } ? new Lsn(received) : null,
                ReplayedLsn = site.IsInRecovery && site.Follows() is { Replayed: var replayed } ? new Lsn(replayed) : null,
            });
        }

        public Task SetReadOnlyAsync(bool isReadOnly, CancellationToken cancellationToken) => Change($"readonly {isReadOnly}", () => site.IsReadOnly = isReadOnly);

        public Task<int> EndSessionsAsync(CancellationToken cancellationToken)
        {
            site.Require();
            var ended = site.OlderSessions;
            crash.Around(() => site.OlderSessions = 0);
            return Task.FromResult(ended);
        }

        public Task PromoteAsync(CancellationToken cancellationToken) => site.RefusesPromotion
            ? throw new DalpException("DatabasePermissionDenied", FaultKind.Forbidden, "May not execute pg_promote.", "GRANT EXECUTE ON FUNCTION pg_promote TO dalpha.", name)
            : Change("promote", () =>
        {
            if (!site.IsStuck)
            {
                (site.IsInRecovery, site.Timeline) = (false, site.Timeline + 1);
            }
        });

        public Task<WriteProof?> ProveWriteAsync(string note, CancellationToken cancellationToken)
        {
            site.Require();
            return site.IsInRecovery
                ? Task.FromResult<WriteProof?>(null)
                : Task.FromResult<WriteProof?>(new WriteProof(DateTimeOffset.UnixEpoch, site.NextTransactionId++, new Lsn(site.NextTransactionId), site.Timeline));
        }

        public Task<ServerProvision> ReadProvisionAsync(CancellationToken cancellationToken)
        {
            RequireRunning();
            return site.ProvisionFailure is { } failure ? throw failure : Task.FromResult(site.Provision with { IsInRecovery = site.IsInRecovery, Timeline = site.Timeline });
        }

        public Task<TimelineHistory> ReadHistoryAsync(int timeline, CancellationToken cancellationToken)
        {
            RequireRunning();
            return Task.FromResult(new TimelineHistory([.. Enumerable.Range(1, timeline - 1).Select(one => new TimelineSwitch(one, new Lsn((ulong)one * 1000)))], timeline));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        // A fenced cluster's PostgreSQL is stopped.
        private void RequireRunning()
        {
            site.Require();
            if (site.DatabaseFailure is { } failure)
            {
                throw failure;
            }
            if (site.Postgres is { IsFenced: true })
            {
                throw Down();
            }
        }

        private Task Change(string what, Action change)
        {
            RequireRunning();
            lock (site.turn)
            {
                crash.Around(() =>
                {
                    change();
                    site.Changes.Add(what);
                    onChange();
                });
            }
            return Task.CompletedTask;
        }
    }
}
