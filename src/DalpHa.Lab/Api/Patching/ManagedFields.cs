using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Patching;

/// <summary>Records in <c>metadata.managedFields</c> which manager last set which field.</summary>
internal static class ManagedFields
{
    public enum Operation
    {
        Update,
        Apply,
    }

    public static JsonArray OfCreation(ResourceKind kind, JsonObject value, string manager, string now) =>
        [Entry(kind, manager, Operation.Update, "", now, FieldSet.Leaves(kind, value).Keys.Where(path => !path.StartsWith("f:status", StringComparison.Ordinal)))];

    /// <summary>A manager owns what it changed, and takes it from the others; what is gone nobody owns.</summary>
    public static JsonArray AfterUpdate(ResourceKind kind, JsonObject before, JsonObject after, string manager, string subresource, string now)
    {
        var old = FieldSet.Leaves(kind, before);
        var leaves = FieldSet.Leaves(kind, after);
        var changed = leaves.Where(leaf => !old.TryGetValue(leaf.Key, out var was) || !JsonNode.DeepEquals(was, leaf.Value)).Select(leaf => leaf.Key).ToHashSet();
        var entries = Entries(before);
        if (changed.Count == 0 && old.Count == leaves.Count)
        {
            return entries;
        }
        var kept = new JsonArray();
        var mine = new HashSet<string>(changed);
        foreach (var entry in entries.OfType<JsonObject>())
        {
            var owned = Owned(entry);
            owned.RemoveWhere(path => !leaves.ContainsKey(path));
            if (Is(entry, manager, Operation.Update, subresource))
            {
                mine.UnionWith(owned);
                continue;
            }
            owned.ExceptWith(changed);
            Keep(kept, entry, owned);
        }
        if (mine.Count > 0)
        {
            kept.Add(Entry(kind, manager, Operation.Update, subresource, now, mine));
        }
        return kept;
    }

    /// <summary>The entries after a manager applied exactly its fields, and forced some of them away from the others.</summary>
    public static JsonArray AfterApply(ResourceKind kind, JsonObject before, string manager, string subresource, string now, HashSet<string> mine, HashSet<string> taken)
    {
        var kept = new JsonArray();
        foreach (var entry in Entries(before).OfType<JsonObject>().Where(entry => !Is(entry, manager, Operation.Apply, subresource)))
        {
            var owned = Owned(entry);
            owned.ExceptWith(taken);
            Keep(kept, entry, owned);
        }
        kept.Add(Entry(kind, manager, Operation.Apply, subresource, now, mine));
        return kept;
    }

    public static JsonArray Entries(JsonObject value) => value.At("metadata.managedFields")?.DeepClone() as JsonArray ?? [];

    public static HashSet<string> Owned(JsonObject entry) => FieldSet.FromFields(entry["fieldsV1"] as JsonObject);

    public static bool Is(JsonObject entry, string manager, Operation operation, string subresource) =>
        entry.Text("manager") == manager && entry.Text("operation") == operation.ToString() && (entry.Text("subresource") ?? "") == subresource;

    /// <summary>Whether two records differ in nothing but their times.</summary>
    public static bool SameOwners(JsonObject left, JsonObject right)
    {
        return Timeless(left).SequenceEqual(Timeless(right));

        static IEnumerable<string> Timeless(JsonObject value) => Entries(value).OfType<JsonObject>().Select(entry =>
        {
            entry.Remove("time");
            return entry.ToJsonString();
        }).Order(StringComparer.Ordinal);
    }

    private static void Keep(JsonArray entries, JsonObject entry, HashSet<string> owned)
    {
        if (owned.Count > 0)
        {
            var copy = entry.DeepClone().AsObject();
            copy["fieldsV1"] = FieldSet.ToFields(owned);
            entries.Add(copy);
        }
    }

    private static JsonObject Entry(ResourceKind kind, string manager, Operation operation, string subresource, string now, IEnumerable<string> paths)
    {
        var entry = new JsonObject
        {
            ["manager"] = manager,
            ["operation"] = operation.ToString(),
            ["apiVersion"] = kind.GroupVersion,
            ["time"] = now,
            ["fieldsType"] = "FieldsV1",
            ["fieldsV1"] = FieldSet.ToFields(paths),
        };
        if (subresource.Length > 0)
        {
            entry["subresource"] = subresource;
        }
        return entry;
    }
}
