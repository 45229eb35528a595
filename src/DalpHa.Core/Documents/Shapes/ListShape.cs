using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace DalpHa.Core.Documents.Shapes;

/// <summary>A list of values of one shape, no two of which may have the same identity.</summary>
/// <param name="item">The items' shape.</param>
/// <param name="identity">What no two items may share: a value, and what it is called.</param>
/// <param name="mayBeEmpty">Whether an empty list says something.</param>
internal sealed class ListShape<T>(Shape<T> item, Func<T, (string What, string? Value)[]> identity, bool mayBeEmpty = true) : Shape<IReadOnlyList<T>>, IListShape
{
    /// <inheritdoc/>
    public IShape Item => item;

    /// <inheritdoc/>
    public override bool TryRead(YamlNode node, string subject, Findings findings, [MaybeNullWhen(false)] out IReadOnlyList<T> value)
    {
        value = null;
        if (node is not YamlSequence sequence)
        {
            FailType(node, subject, findings, "a list");
            return false;
        }
        if (sequence.Items.Count == 0 && !mayBeEmpty)
        {
            findings.Fail((node.Line, node.Column), subject, new Problem("EmptyList", "The list is empty.", "at least one item, or leave the key out"));
            return false;
        }
        var items = new List<T>();
        var seen = new Dictionary<(string, string), int>();
        for (var index = 0; index < sequence.Items.Count; index++)
        {
            var (itemNode, itemSubject) = (sequence.Items[index], $"{subject}[{index}]");
            findings.Locate(itemSubject, itemNode);
            var isWhole = item.TryRead(itemNode, itemSubject, findings, out var read);
            if (isWhole)
            {
                RefuseDuplicates(read!, itemNode, itemSubject, findings, seen);
            }
            // As in a mapping, what could be read of an item counts.
            if (read is not null && (isWhole || item is IMappingShape))
            {
                items.Add(read);
            }
        }
        value = items;
        return true;
    }

    /// <inheritdoc/>
    public override JsonObject ToSchema(JsonObject definitions)
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = item.ToSchema(definitions) };
        if (!mayBeEmpty)
        {
            schema["minItems"] = 1;
        }
        return schema;
    }

    private void RefuseDuplicates(T read, YamlNode node, string subject, Findings findings, Dictionary<(string, string), int> seen)
    {
        foreach (var (what, value) in identity(read))
        {
            if (value is not null && !seen.TryAdd((what, value), node.Line))
            {
                findings.Fail((node.Line, node.Column), subject, new Problem(
                    "Duplicate", $"The {what} '{value}' is given twice; first in line {seen[(what, value)]}.", $"each {what} once"));
            }
        }
    }
}
