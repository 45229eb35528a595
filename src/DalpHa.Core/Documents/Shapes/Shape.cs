using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace DalpHa.Core.Documents.Shapes;

/// <summary>What a value of a file may be. The one description from which reading, the JSON schema and the scaffold come.</summary>
internal interface IShape
{
    /// <summary>The shape as JSON schema. Shapes with a name put themselves into <paramref name="definitions"/>.</summary>
    JsonObject ToSchema(JsonObject definitions);
}

/// <summary>A shape whose values become a <typeparamref name="T"/>.</summary>
internal abstract class Shape<T> : IShape
{
    /// <summary>Reads a node, and records all that is wrong with it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="subject">Its path, as <c>sites.active.context</c>.</param>
    /// <param name="findings">Takes what is wrong.</param>
    /// <param name="value">What it means; of a mapping that lacks something, what could be read.</param>
    /// <returns>False when the node means nothing that could be used as it stands.</returns>
    public abstract bool TryRead(YamlNode node, string subject, Findings findings, [MaybeNullWhen(false)] out T value);

    /// <inheritdoc/>
    public abstract JsonObject ToSchema(JsonObject definitions);

    /// <summary>Records that a node is of the wrong type.</summary>
    protected static void FailType(YamlNode node, string subject, Findings findings, string expected)
    {
        var problem = node is YamlScalar { IsPlain: true } scalar && PlainScalar.IsNull(scalar.Value)
            ? new Problem("EmptyValue", $"'{LastKey(subject)}' has no value.", $"{expected}, or leave the key out")
            : new Problem("WrongType", $"{Describe(node)} stands here.", expected);
        findings.Fail((node.Line, node.Column), subject, problem);
    }

    private static string Describe(YamlNode node) => node switch
    {
        YamlMapping => "A mapping",
        YamlSequence => "A list",
        YamlScalar { IsPlain: true } scalar when PlainScalar.TypeOf(scalar.Value) is { } type => $"A {type}",
        _ => "Text",
    };

    private static string LastKey(string subject) => subject.Length == 0 ? "The file" : subject[(subject.LastIndexOf('.') + 1)..];
}
