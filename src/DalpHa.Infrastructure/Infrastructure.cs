using DalpHa.Core.Clusters;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Infrastructure;

/// <summary>Makes the adapters. The cmdlets find this class by name.</summary>
public sealed class Infrastructure : IInfrastructure
{
    /// <inheritdoc/>
    public ICluster OpenCluster(ClusterAddress address, TimeSpan timeout) => throw new NotImplementedException();

    /// <inheritdoc/>
    public IDatabaseServer OpenDatabase(DatabaseAddress address, TimeSpan timeout) => throw new NotImplementedException();

    /// <inheritdoc/>
    public IValidatorNode OpenValidator(Uri rpc, TimeSpan timeout) => throw new NotImplementedException();

    /// <inheritdoc/>
    public YamlDocument ReadYaml(string path) => Configuration.YamlReader.Read(path);
}
