using DalpHa.Core.Clusters;
using DalpHa.Core.Documents;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Ports;

/// <summary>
/// The one factory behind which every client library stands. The cmdlets load its implementation into a private load context on first use;
/// no library's type appears in any signature here.
/// </summary>
public interface IInfrastructure
{
    /// <summary>Opens a cluster. Reads the kubeconfig now and connects on first use.</summary>
    /// <param name="address">Where the cluster is.</param>
    /// <param name="timeout">The bound on each request, and on a credential plugin's run.</param>
    /// <exception cref="Errors.DalpException">The kubeconfig is missing or malformed, or the context is not in it.</exception>
    ICluster OpenCluster(ClusterAddress address, TimeSpan timeout);

    /// <summary>The names of the contexts in the operator's kubeconfig.</summary>
    /// <exception cref="Errors.DalpException">There is no kubeconfig, or it is malformed.</exception>
    IReadOnlyList<string> ListContexts();

    /// <summary>What changes a cluster, over the connections and credentials of the one that <see cref="OpenCluster"/> gave. It ends with that.</summary>
    IClusterControl OpenClusterControl(ICluster cluster);

    /// <summary>A cluster's CloudNativePG clusters, over the connections and credentials of the one that <see cref="OpenCluster"/> gave. It ends with that.</summary>
    ICloudNativePg OpenCloudNativePg(ICluster cluster);

    /// <summary>The backups that a cluster knows of, over the connections and credentials of the one that <see cref="OpenCluster"/> gave. It ends with that.</summary>
    IBackups OpenBackups(ICluster cluster);

    /// <summary>Opens a database server for changes. Connects on first use and again after a loss.</summary>
    /// <param name="address">Where it listens, and as which administrator to log in.</param>
    /// <param name="timeout">The bound on connecting and on each statement.</param>
    IDatabaseControl OpenDatabaseControl(DatabaseAddress address, TimeSpan timeout);

    /// <summary>Opens a database server. Connects on first use and again after a loss.</summary>
    /// <param name="address">Where it listens, and as whom to log in.</param>
    /// <param name="timeout">The bound on connecting and on each statement.</param>
    IDatabaseServer OpenDatabase(DatabaseAddress address, TimeSpan timeout);

    /// <summary>Opens the files of a stopped database server, by running PostgreSQL's own programs in its pod, over the connections and credentials of the cluster that <see cref="OpenCluster"/> gave. It ends with that.</summary>
    /// <param name="cluster">The cluster that the pod is in.</param>
    /// <param name="instance">The server.</param>
    /// <param name="timeout">The bound on each program's run.</param>
    ILineageSource OpenStoppedDatabase(ICluster cluster, StoppedInstance instance, TimeSpan timeout);

    /// <summary>Opens a validator node's JSON-RPC endpoint.</summary>
    IValidatorNode OpenValidator(Uri rpc, TimeSpan timeout);

    /// <summary>Sends a JSON text to a webhook, once.</summary>
    /// <exception cref="Errors.DalpException">It can't be reached, or does not take the text (<c>WebhookFailed</c>).</exception>
    Task PostAsync(Uri webhook, string json, CancellationToken cancellationToken);

    /// <summary>Reads a YAML document into nodes that know their line and column. Refuses aliases, more than one document, and more than 1 MiB.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="Errors.DalpException">The file can't be read; a syntax error is a diagnostic of the result instead.</exception>
    YamlDocument ReadYaml(string path);
}
