using System.Text.Json.Nodes;
using DalpHa.Core.Documents.Shapes;

namespace DalpHa.Core.Topology;

/// <summary>A Kubernetes label selector as a value of a file.</summary>
internal static class SelectorShape
{
    /// <summary>The shape.</summary>
    public static Shape<LabelSelector> Selector { get; } = new ScalarShape<LabelSelector>(
        "a label selector, as app.kubernetes.io/component=dapp",
        new JsonObject { ["type"] = "string", ["minLength"] = 1 },
        (text, _) =>
        {
            try
            {
                return LabelSelector.Parse(text);
            }
            catch (FormatException exception)
            {
                throw new InvalidValueException(exception.Message.TrimEnd('.'));
            }
        });
}
