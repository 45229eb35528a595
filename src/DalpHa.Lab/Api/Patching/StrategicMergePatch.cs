using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Patching;

/// <summary>Strategic merge patch: a merge patch that knows which lists are keyed, with its directives <c>$patch</c>, <c>$retainKeys</c>,
/// <c>$deleteFromPrimitiveList</c> and <c>$setElementOrder</c>.</summary>
internal static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string DeleteFrom = "$deleteFromPrimitiveList/";
    private const string Order = "$setElementOrder/";

    public static JsonObject Apply(ResourceKind kind, JsonObject target, JsonObject patch) => Merge(kind, "", target, patch);

    private static JsonObject Merge(ResourceKind kind, string parent, JsonObject target, JsonObject patch)
    {
        switch (patch.Text(Directive))
        {
            case "replace":
                return Without(patch, Directive);
            case "delete":
                return [];
            case not (null or "merge"):
                throw ApiException.BadRequest($"Unknown patch type: {patch.Text(Directive)}");
        }
        if (patch[RetainKeys] is JsonArray retained)
        {
            var names = retained.Select(name => name?.ToString()).ToHashSet();
            foreach (var name in target.Select(member => member.Key).Where(name => !names.Contains(name)).ToList())
            {
                target.Remove(name);
            }
        }
        foreach (var (name, change) in patch)
        {
            if (name is Directive or RetainKeys || name.StartsWith(Order, StringComparison.Ordinal))
            {
                continue;
            }
            if (name.StartsWith(DeleteFrom, StringComparison.Ordinal))
            {
                RemoveValues(target, name[DeleteFrom.Length..], change as JsonArray);
                continue;
            }
            Change(kind, parent, target, name, change);
        }
        foreach (var (name, order) in patch.Where(member => member.Key.StartsWith(Order, StringComparison.Ordinal)))
        {
            Sort(kind, parent, target, name[Order.Length..], order as JsonArray ?? []);
        }
        return target;
    }

    private static void Change(ResourceKind kind, string parent, JsonObject target, string name, JsonNode? change)
    {
        switch (change)
        {
            case null:
                target.Remove(name);
                break;
            case JsonObject nested:
                var child = target[name] as JsonObject ?? [];
                target.Remove(name);
                target[name] = Merge(kind, name, child, nested);
                if (nested.Text(Directive) == "delete")
                {
                    target.Remove(name);
                }
                break;
            case JsonArray items when ListKeys.MergeKey(kind, parent, name) is { } key:
                target[name] = MergeList(kind, name, key, target[name] as JsonArray ?? [], items);
                break;
            case JsonArray values when ListKeys.IsSet(kind, parent, name):
                var existing = target[name] as JsonArray ?? [];
                var added = values.Where(value => !existing.Any(known => JsonNode.DeepEquals(known, value)));
                target[name] = new JsonArray([.. existing.Concat(added).Select(value => value?.DeepClone())]);
                break;
            default:
                target[name] = change.DeepClone();
                break;
        }
    }

    private static JsonArray MergeList(ResourceKind kind, string name, string key, JsonArray target, JsonArray patch)
    {
        if (patch.OfType<JsonObject>().Any(item => item.Text(Directive) == "replace" && item.Text(key) is null))
        {
            var rest = patch.OfType<JsonObject>().Where(item => item.Text(Directive) is null);
            return new JsonArray([.. rest.Select(item => item.DeepClone())]);
        }
        var merged = target.OfType<JsonObject>().Select(item => item.DeepClone().AsObject()).ToList();
        foreach (var item in patch.OfType<JsonObject>())
        {
            var id = item[key] ?? throw ApiException.BadRequest($"map: {item.ToJsonString()} does not contain declared merge key: {key}");
            var at = merged.FindIndex(known => JsonNode.DeepEquals(known[key], id));
            if (item.Text(Directive) == "delete")
            {
                merged.RemoveAll(known => JsonNode.DeepEquals(known[key], id));
            }
            else if (at >= 0)
            {
                merged[at] = Merge(kind, name, merged[at], item);
            }
            else
            {
                merged.Add(Merge(kind, name, [], item));
            }
        }
        return new JsonArray([.. merged]);
    }

    /// <summary>Puts the items that the order names in that order; the others keep their places after their neighbours.</summary>
    private static void Sort(ResourceKind kind, string parent, JsonObject target, string name, JsonArray order)
    {
        if (target[name] is not JsonArray list)
        {
            return;
        }
        var key = ListKeys.MergeKey(kind, parent, name);
        int Place(JsonNode? item)
        {
            for (var i = 0; i < order.Count; i++)
            {
                if (key is null ? JsonNode.DeepEquals(order[i], item) : JsonNode.DeepEquals(order[i]?[key], (item as JsonObject)?[key]))
                {
                    return i;
                }
            }
            return int.MaxValue;
        }
        target[name] = new JsonArray([.. list.OrderBy(Place).Select(item => item?.DeepClone())]);
    }

    private static void RemoveValues(JsonObject target, string name, JsonArray? values)
    {
        if (target[name] is JsonArray list && values is not null)
        {
            var left = list.Where(item => !values.Any(value => JsonNode.DeepEquals(value, item)));
            target[name] = new JsonArray([.. left.Select(item => item?.DeepClone())]);
        }
    }

    private static JsonObject Without(JsonObject value, string name)
    {
        var copy = value.DeepClone().AsObject();
        copy.Remove(name);
        return copy;
    }
}
