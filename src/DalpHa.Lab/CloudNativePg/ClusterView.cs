using System.Text.Json;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api;

namespace DalpHa.Lab.CloudNativePg;

/// <summary>What a Cluster asks for, and what was last told of it.</summary>
/// <param name="Content">The object.</param>
internal sealed record ClusterView(JsonObject Content)
{
    public string Name => Content.Text("metadata.name")!;

    public int Instances => (int)(Content.Number("spec.instances") ?? 1);

    public string? PromotionToken => Content.Text("spec.replica.promotionToken") is { Length: > 0 } token ? token : null;

    public bool EnablesAlterSystem => Content.At("spec.postgresql.enableAlterSystem") is JsonValue value && value.GetValue<bool>();

    /// <summary>PostgreSQL's settings, in the order of their names.</summary>
    public IEnumerable<KeyValuePair<string, string>> Parameters => (Content.At("spec.postgresql.parameters") as JsonObject ?? [])
        .Where(parameter => parameter.Value is not null).OrderBy(parameter => parameter.Key, StringComparer.Ordinal).Select(parameter => KeyValuePair.Create(parameter.Key, parameter.Value!.ToString()));

    public bool HasApplyDelay => Content.At("spec.replica.minApplyDelay") is not null;

    /// <summary>Whether it is to follow another: by <c>enabled</c> where that is said, else by whom the topology names as primary.</summary>
    public bool IsReplica => Content.At("spec.replica") is JsonObject replica
        && (replica["enabled"] is JsonValue enabled ? enabled.GetValue<bool>() : (replica.Text("self") is { Length: > 0 } self ? self : Name) != replica.Text("primary"));

    public bool IsSwitching => Content.At("status.switchReplicaClusterStatus.inProgress") is JsonValue value && value.GetValue<bool>();

    public string? LastPromotionToken => Content.Text("status.lastPromotionToken");

    public bool IsFenced => Annotation("cnpg.io/fencedInstances") is { } list && (FencedIn(list).Contains("*") || FencedIn(list).Contains($"{Name}-1"));

    public bool IsHibernated => Annotation("cnpg.io/hibernation") == "on";

    public JsonObject Status => Content["status"] as JsonObject ?? [];

    private string? Annotation(string name) => (Content.At("metadata.annotations") as JsonObject)?[name]?.ToString();

    private static IEnumerable<string> FencedIn(string list)
    {
        try
        {
            return JsonSerializer.Deserialize<string[]>(list) ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
