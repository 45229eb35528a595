using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using k8s.Models;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Reads amounts of resources in the grammar of Kubernetes (<c>500m</c>, <c>1Gi</c>, <c>1e3</c>).</summary>
internal static class Quantities
{
    /// <summary>CPU and memory of a list of amounts; what is not in it is nothing.</summary>
    public static ResourceAmounts Amounts(IReadOnlyDictionary<string, string>? amounts) => new(Amount(amounts, "cpu"), Amount(amounts, "memory"));

    /// <summary>One amount of a list; 0 when it is not in it.</summary>
    public static decimal Amount(IReadOnlyDictionary<string, string>? amounts, string name) =>
        amounts?.GetValueOrDefault(name) is { } text ? Parse(text) : 0;

    /// <summary>One amount.</summary>
    /// <exception cref="DalpException">It is none.</exception>
    public static decimal Parse(string text)
    {
        try
        {
            return new ResourceQuantity(text).ToDecimal();
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException)
        {
            throw new DalpException("ApiAnswerInvalid", FaultKind.InvalidAnswer, $"The API server names an amount '{text}', which is none.", "Look at the object that has it, and at what stands before the API server.", text, exception);
        }
    }
}
