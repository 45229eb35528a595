using System.Reflection;

namespace DalpHa.Core.Tests;

/// <summary>Stands for a port: a test answers the few methods that it is about.</summary>
public class Stub : DispatchProxy
{
    private Func<string, object?[], object?> answer = null!;

    /// <summary>Makes a stand-in.</summary>
    public static T Of<T>(Func<string, object?[], object?> answer)
        where T : class
    {
        var proxy = Create<T, Stub>();
        ((Stub)(object)proxy).answer = answer;
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => answer(targetMethod!.Name, args ?? []);
}
