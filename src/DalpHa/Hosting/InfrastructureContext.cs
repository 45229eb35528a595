using System.Reflection;
using System.Runtime.Loader;
using DalpHa.Core.Ports;

namespace DalpHa.Hosting;

/// <summary>
/// Loads DalpHa.Infrastructure and the client libraries from <c>deps/</c> into a load context of their own, on first use: import stays fast,
/// and other modules' versions of the same libraries are not in the way.
/// </summary>
internal sealed class InfrastructureContext : AssemblyLoadContext
{
    private static readonly Lazy<IInfrastructure> Shared = new(Create);
    private readonly AssemblyDependencyResolver resolver;

    private InfrastructureContext(string mainAssembly)
        : base("DalpHa")
    {
        resolver = new AssemblyDependencyResolver(mainAssembly);
    }

    /// <summary>The adapters; the first call loads them.</summary>
    public static IInfrastructure Infrastructure => Shared.Value;

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // Types of Core cross the border, so there is one identity of it: the one the cmdlets were loaded with.
        if (assemblyName.Name == typeof(IInfrastructure).Assembly.GetName().Name)
        {
            return typeof(IInfrastructure).Assembly;
        }
        return resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : nint.Zero;

    private static IInfrastructure Create()
    {
        var folder = Path.GetDirectoryName(typeof(InfrastructureContext).Assembly.Location)!;
        var main = Path.Combine(folder, "deps", "DalpHa.Infrastructure.dll");
        var assembly = new InfrastructureContext(main).LoadFromAssemblyPath(main);
        return (IInfrastructure)Activator.CreateInstance(assembly.GetType("DalpHa.Infrastructure.Infrastructure", throwOnError: true)!)!;
    }
}
