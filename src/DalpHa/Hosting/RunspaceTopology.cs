using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using DalpHa.Core.Topology;

namespace DalpHa.Hosting;

/// <summary>The default topology of each runspace. No two runspaces share it, and it goes with its runspace. Use it on the pipeline thread.</summary>
internal static class RunspaceTopology
{
    private static readonly ConditionalWeakTable<Runspace, DalpTopology> Defaults = [];

    /// <summary>The current runspace's default, or null.</summary>
    public static DalpTopology? Current
    {
        get => Defaults.TryGetValue(Runspace.DefaultRunspace, out var topology) ? topology : null;
        set
        {
            if (value is null)
            {
                Defaults.Remove(Runspace.DefaultRunspace);
            }
            else
            {
                Defaults.AddOrUpdate(Runspace.DefaultRunspace, value);
            }
        }
    }
}
