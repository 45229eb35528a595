using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Patching;

/// <summary>Server-side apply: a manager states all that it wants; it gets and keeps those fields, and gives up those that it no longer states.</summary>
internal static class ServerSideApply
{
    public static JsonObject Create(ApiRequest request, JsonObject applied, string now)
    {
        Check(applied);
        var value = applied.DeepClone().AsObject();
        var metadata = value.Child("metadata");
        metadata.Default("name", request.Target.Name);
        metadata["managedFields"] = ManagedFields.AfterApply(request.Kind, [], request.Query("fieldManager")!, request.Target.Subresource, now,
            [.. FieldSet.Leaves(request.Kind, applied).Keys], []);
        return value;
    }

    public static JsonObject Apply(ApiRequest request, JsonObject live, JsonObject applied, string now)
    {
        Check(applied);
        var kind = request.Kind;
        var manager = request.Query("fieldManager")!;
        var subresource = request.Target.Subresource;
        var wanted = FieldSet.Leaves(kind, applied);
        var present = FieldSet.Leaves(kind, live);
        var entries = ManagedFields.Entries(live).OfType<JsonObject>().ToList();
        var others = entries.Where(entry => !ManagedFields.Is(entry, manager, ManagedFields.Operation.Apply, subresource)).ToList();

        var differing = wanted.Where(field => present.TryGetValue(field.Key, out var value) && !JsonNode.DeepEquals(value, field.Value)).Select(field => field.Key).ToHashSet();
        var conflicts = others.SelectMany(entry => ManagedFields.Owned(entry).Where(differing.Contains).Select(path => (Entry: entry, Path: path))).ToList();
        if (conflicts.Count > 0 && !request.Flag("force"))
        {
            throw Conflict(conflicts);
        }

        var merged = Merge(kind, "", live.DeepClone().AsObject(), applied);
        var owned = others.SelectMany(ManagedFields.Owned).ToHashSet();
        var given = entries.Where(entry => ManagedFields.Is(entry, manager, ManagedFields.Operation.Apply, subresource)).SelectMany(ManagedFields.Owned);
        foreach (var path in given.Where(path => !wanted.ContainsKey(path) && !owned.Contains(path) && !FieldSet.IsItemOfOthers(path, owned))
                     .Order(StringComparer.Ordinal))
        {
            FieldSet.Remove(merged, path);
        }
        merged.Child("metadata")["managedFields"] = ManagedFields.AfterApply(kind, live, manager, subresource, now, [.. wanted.Keys], differing);
        return merged;
    }

    private static void Check(JsonObject applied)
    {
        if (applied.At("metadata.managedFields") is JsonArray { Count: > 0 })
        {
            throw ApiException.BadRequest("metadata.managedFields must be nil");
        }
        if (applied.Text("apiVersion") is null || applied.Text("kind") is null)
        {
            throw ApiException.BadRequest("apiVersion and kind must be set in an applied object");
        }
    }

    private static JsonObject Merge(ResourceKind kind, string parent, JsonObject live, JsonObject applied)
    {
        foreach (var (name, value) in applied)
        {
            var existing = live[name];
            live.Remove(name);
            live[name] = (existing, value) switch
            {
                (JsonObject old, JsonObject wanted) => Merge(kind, name, old, wanted),
                (JsonArray old, JsonArray wanted) when ListKeys.MapKeys(kind, parent, name) is { Count: > 0 } keys => MergeList(kind, name, keys, old, wanted),
                (JsonArray old, JsonArray wanted) when ListKeys.IsSet(kind, parent, name) =>
                    new JsonArray([.. old.Concat(wanted.Where(item => !old.Any(known => JsonNode.DeepEquals(known, item)))).Select(item => item?.DeepClone())]),
                _ => value?.DeepClone(),
            };
        }
        return live;
    }

    private static JsonArray MergeList(ResourceKind kind, string name, IReadOnlyList<string> keys, JsonArray live, JsonArray applied)
    {
        var merged = live.OfType<JsonObject>().Select(item => item.DeepClone().AsObject()).ToList();
        foreach (var item in applied.OfType<JsonObject>())
        {
            var step = FieldSet.ItemStep(keys, item);
            var at = merged.FindIndex(known => FieldSet.ItemStep(keys, known) == step);
            if (at >= 0)
            {
                merged[at] = Merge(kind, name, merged[at], item);
            }
            else
            {
                merged.Add(item.DeepClone().AsObject());
            }
        }
        return new JsonArray([.. merged]);
    }

    private static ApiException Conflict(List<(JsonObject Entry, string Path)> conflicts)
    {
        static string Manager(JsonObject entry) => entry.Text("operation") == "Update"
            ? $"conflict with \"{entry.Text("manager")}\" using {entry.Text("apiVersion")}"
            : $"conflict with \"{entry.Text("manager")}\"";
        var lines = conflicts.GroupBy(conflict => Manager(conflict.Entry), conflict => FieldSet.ToText(conflict.Path)).ToList();
        var count = conflicts.Count == 1 ? "1 conflict" : $"{conflicts.Count} conflicts";
        var message = $"Apply failed with {count}: " + string.Join('\n', lines.Select(group => group.Count() == 1
            ? $"{group.Key}: {group.First()}"
            : $"{group.Key}:\n- {string.Join("\n- ", group)}"));
        return ApiException.ApplyConflict(message, conflicts.Select(conflict =>
            new StatusCause("FieldManagerConflict", Manager(conflict.Entry), FieldSet.ToText(conflict.Path))));
    }
}
