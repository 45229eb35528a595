using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;

namespace DalpHa.Core.Tests.Failover;

/// <summary>One CloudNativePG Cluster in memory, whose operator does at once what is asked of it.</summary>
internal sealed class TestClusters(string name, TestSite site) : ICloudNativePg
{
    public PostgresCluster Now { get; set; } = new() { Namespace = "dalp", Name = name, Version = "1", ReplicaEnabled = true, Phase = PostgresCluster.HealthyPhase, Instances = 1, ReadyInstances = 1, IsReady = true };

    /// <summary>How many changes are refused because somebody else changed the Cluster meanwhile.</summary>
    public int Conflicts { get; set; }

    public List<string> Changes { get; } = [];

    public Task<PostgresCluster?> FindAsync(string @namespace, string name, CancellationToken cancellationToken) => Task.FromResult(Now.Name == name ? Now : null);

    public Task<PostgresCluster> DemoteAsync(PostgresCluster cluster, string primary, CancellationToken cancellationToken) => ChangeAsync("demote", () => Now = Now with { Primary = primary });

    public Task<PostgresCluster> PromoteAsync(PostgresCluster cluster, string? token, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<PostgresCluster> DisableReplicaAsync(PostgresCluster cluster, CancellationToken cancellationToken) => ChangeAsync("promote", () =>
    {
        Now = Now with { ReplicaEnabled = false };
        (site.IsInRecovery, site.Timeline) = (false, site.Timeline + 1);
    });

    public Task<PostgresCluster> SetReadOnlyDefaultAsync(PostgresCluster cluster, string? value, string? before, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<PostgresCluster> SetFencedAsync(PostgresCluster cluster, bool isFenced, CancellationToken cancellationToken) => ChangeAsync(isFenced ? "fence" : "unfence", () =>
    {
        Now = Now with { FencedInstances = isFenced ? ["*"] : [] };
        site.IsDown = isFenced;
    });

    private Task<PostgresCluster> ChangeAsync(string what, Action change)
    {
        if (Conflicts > 0)
        {
            Conflicts--;
            return Task.FromException<PostgresCluster>(new DalpException("ApiConflict", FaultKind.Conflict, "The object has been modified.", "Look at it again.", Now.Name));
        }
        change();
        Changes.Add(what);
        return Task.FromResult(Now);
    }
}
