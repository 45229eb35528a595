using DalpHa.Core.Clusters;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Simulation;

/// <summary>Ports that answer reads, and keep the name of every write that reaches them: none may.</summary>
internal sealed class RecordingPorts : IClusterControl, IDatabaseControl, ICloudNativePg
{
    public List<string> Writes { get; } = [];

    public List<ClusterNote> Notes { get; } = [];

    public ClusterLease? Lease { get; set; }

    public WriteActivity Activity { get; set; } = new(DateTimeOffset.UnixEpoch, false, false, 700, 2, 0, 5, new Lsn(1000), 3);

    public PostgresCluster? Cluster { get; set; }

    public string Name => "db";

    public Task<ClusterNote?> FindNoteAsync(string @namespace, string name, CancellationToken cancellationToken) => Task.FromResult(Notes.Find(note => note.Name == name));

    public Task<IReadOnlyList<ClusterNote>> ListNotesAsync(string @namespace, string label, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ClusterNote>>(Notes);

    public Task<ClusterLease?> FindLeaseAsync(string @namespace, string name, CancellationToken cancellationToken) => Task.FromResult(Lease);

    public Task<WriteActivity> ReadActivityAsync(CancellationToken cancellationToken) => Task.FromResult(Activity);

    public Task<PostgresCluster?> FindAsync(string @namespace, string name, CancellationToken cancellationToken) => Task.FromResult(Cluster);

    public Task ScaleAsync(string @namespace, WorkloadKind kind, string name, int replicas, int? remember, CancellationToken cancellationToken) => Write("scale");

    public Task SetSuspendedAsync(string @namespace, string name, bool suspended, CancellationToken cancellationToken) => Write("suspend");

    public Task SetRouteOpenAsync(string @namespace, string kind, string name, bool open, CancellationToken cancellationToken) => Write("ingress");

    public Task<ClusterNote> WriteNoteAsync(string @namespace, ClusterNote note, CancellationToken cancellationToken) => Write<ClusterNote>("note");

    public Task<ClusterLease> WriteLeaseAsync(string @namespace, ClusterLease lease, CancellationToken cancellationToken) => Write<ClusterLease>("lease");

    public Task SetReadOnlyAsync(bool isReadOnly, CancellationToken cancellationToken) => Write("read-only");

    public Task<int> EndSessionsAsync(CancellationToken cancellationToken) => Write<int>("end sessions");

    public Task PromoteAsync(CancellationToken cancellationToken) => Write("promote");

    public Task<WriteProof?> ProveWriteAsync(string note, CancellationToken cancellationToken) => Write<WriteProof?>("prove");

    public Task<PostgresCluster> DemoteAsync(PostgresCluster cluster, string primary, CancellationToken cancellationToken) => Write<PostgresCluster>("demote");

    public Task<PostgresCluster> PromoteAsync(PostgresCluster cluster, string? token, CancellationToken cancellationToken) => Write<PostgresCluster>("promote cluster");

    public Task<PostgresCluster> DisableReplicaAsync(PostgresCluster cluster, CancellationToken cancellationToken) => Write<PostgresCluster>("disable replica");

    public Task<PostgresCluster> SetReadOnlyDefaultAsync(PostgresCluster cluster, string? value, string? before, CancellationToken cancellationToken) => Write<PostgresCluster>("default");

    public Task<PostgresCluster> SetFencedAsync(PostgresCluster cluster, bool isFenced, CancellationToken cancellationToken) => Write<PostgresCluster>("fence");

    public Task<ServerProvision> ReadProvisionAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<TimelineHistory> ReadHistoryAsync(int timeline, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task Write(string what)
    {
        Writes.Add(what);
        return Task.CompletedTask;
    }

    private Task<T> Write<T>(string what)
    {
        Writes.Add(what);
        return Task.FromResult(default(T)!);
    }
}
