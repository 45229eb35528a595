using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Selection;

/// <summary>A field selector: <c>metadata.name=a,status.phase!=Running</c>. Each kind knows few fields; the others are refused.</summary>
internal sealed class FieldSelector
{
    private static readonly Dictionary<string, string[]> FieldsOfKinds = new()
    {
        ["Pod"] = ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase", "status.podIP", "status.nominatedNodeName"],
        ["Secret"] = ["type"],
        ["Namespace"] = ["status.phase"],
        ["Node"] = ["spec.unschedulable"],
        ["Job"] = ["status.successful"],
        ["ReplicaSet"] = ["status.replicas"],
        ["Event"] =
        [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
            "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        ],
    };

    private readonly List<(string[] Path, string Value, bool Equal)> _requirements = [];

    public bool MatchesAll => _requirements.Count == 0;

    public static FieldSelector Parse(string? text, ResourceKind kind)
    {
        var selector = new FieldSelector();
        foreach (var term in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = term.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                throw ApiException.BadRequest($"invalid selector: '{text}'; can't understand '{term}'");
            }
            var equal = term[at - 1] != '!';
            var field = term[..(equal ? at : at - 1)];
            var value = term[(at + 1)..];
            if (!Knows(kind, field))
            {
                throw ApiException.BadRequest($"field label not supported: {field}");
            }
            selector._requirements.Add((field.Split('.'), value.StartsWith('=') ? value[1..] : value, equal));
        }
        return selector;
    }

    /// <summary>The one name that a selector's text lets through; empty when it names none.</summary>
    public static string NameIn(string? text) => (text ?? "").Split(',')
        .Select(term => term.Split('=', StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(parts => parts is ["metadata.name", _])?[1] ?? "";

    public bool Matches(JsonObject value) => _requirements.TrueForAll(requirement =>
    {
        JsonNode? node = value;
        foreach (var part in requirement.Path)
        {
            node = (node as JsonObject)?[part];
        }
        return ((node?.ToString() ?? "") == requirement.Value) == requirement.Equal;
    });

    private static bool Knows(ResourceKind kind, string field) =>
        field == "metadata.name"
        || (field == "metadata.namespace" && (kind.Namespaced || !kind.Custom))
        || (FieldsOfKinds.TryGetValue(kind.Kind, out var fields) && !kind.Custom && fields.Contains(field));
}
