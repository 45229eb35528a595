using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;

namespace DalpHa.Core.Topology;

/// <summary>The topology that two kubeconfig contexts and a namespace make, where no file says more.</summary>
public static class ContextTopology
{
    /// <summary>Makes it: sites named <c>active</c> and <c>standby</c>, no rules, all of the active's secrets required.</summary>
    /// <exception cref="DalpException">Both contexts are the same: that is no standby (<c>SameSite</c>).</exception>
    public static DalpTopology Create(string activeContext, string standbyContext, string @namespace)
    {
        if (activeContext == standbyContext)
        {
            throw new DalpException(
                "SameSite",
                FaultKind.InvalidInput,
                $"The context '{activeContext}' is given for both sites: a cluster can't stand by for itself.",
                "Give two contexts (-ActiveContext, -StandbyContext), or a topology file where one cluster really holds both, in two namespaces.",
                activeContext);
        }
        return new DalpTopology
        {
            Name = $"{activeContext}/{standbyContext}",
            Active = Site(SiteRole.Active, "active", activeContext, @namespace),
            Standby = Site(SiteRole.Standby, "standby", standbyContext, @namespace),
        };
    }

    private static DalpSite Site(SiteRole role, string name, string context, string @namespace) =>
        new() { Role = role, Name = name, Cluster = new ClusterAddress(context), Namespace = @namespace };
}
