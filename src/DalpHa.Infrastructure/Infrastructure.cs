using DalpHa.Core.Clusters;
using DalpHa.Core.Documents;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Besu;
using DalpHa.Infrastructure.Kubernetes;

namespace DalpHa.Infrastructure;

/// <summary>Makes the adapters. The cmdlets find this class by name.</summary>
public sealed class Infrastructure : IInfrastructure
{
    /// <inheritdoc/>
    public ICluster OpenCluster(ClusterAddress address, TimeSpan timeout) => KubernetesCluster.Open(address, timeout, TimeProvider.System);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListContexts() => Kubeconfig.Contexts(Environment.GetEnvironmentVariable);

    /// <inheritdoc/>
    public IClusterControl OpenClusterControl(ICluster cluster) => ((KubernetesCluster)cluster).Control;

    /// <inheritdoc/>
    public ICloudNativePg OpenCloudNativePg(ICluster cluster) => ((KubernetesCluster)cluster).CloudNativePg;

    /// <inheritdoc/>
    public IBackups OpenBackups(ICluster cluster) => ((KubernetesCluster)cluster).Backups;

    /// <inheritdoc/>
    public IDatabaseServer OpenDatabase(DatabaseAddress address, TimeSpan timeout) => new Postgres.DatabaseServer(address, timeout);

    /// <inheritdoc/>
    public ILineageSource OpenStoppedDatabase(ICluster cluster, StoppedInstance instance, TimeSpan timeout) =>
        Postgres.StoppedServer.InPod(((KubernetesCluster)cluster).Execute(timeout), instance);

    /// <inheritdoc/>
    public IDatabaseControl OpenDatabaseControl(DatabaseAddress address, TimeSpan timeout) => new Postgres.DatabaseControl(address, timeout, TimeProvider.System);

    /// <inheritdoc/>
    public IValidatorNode OpenValidator(Uri rpc, TimeSpan timeout) => new BesuNode(rpc, timeout, TimeProvider.System);

    /// <inheritdoc/>
    public Task PostAsync(Uri webhook, string json, CancellationToken cancellationToken) => Webhooks.Webhook.PostAsync(webhook, json, cancellationToken);

    /// <inheritdoc/>
    public YamlDocument ReadYaml(string path) => Configuration.YamlReader.Read(path);
}
