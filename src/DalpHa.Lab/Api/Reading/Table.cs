using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Reading;

/// <summary>The Table of meta.k8s.io/v1, from which kubectl prints.</summary>
internal static class Table
{
    public static JsonObject Of(ResourceKind kind, IReadOnlyList<StoredObject> objects, JsonObject metadata, string include, bool withColumns)
    {
        var columns = TableColumns.Of(kind);
        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? new JsonArray([.. columns.Select(Definition)]) : null,
            ["rows"] = new JsonArray([.. objects.Select(stored => new JsonObject
            {
                ["cells"] = new JsonArray([.. columns.Select(column => column.Cell(stored))]),
                ["object"] = include switch
                {
                    "None" => null,
                    "Object" => stored.Copy(kind),
                    _ => ObjectAnswer.Partial(stored),
                },
            })]),
        };
    }

    private static JsonObject Definition(TableColumn column) => new()
    {
        ["name"] = column.Name,
        ["type"] = column.Type,
        ["format"] = column.Name == "Name" ? "name" : "",
        ["description"] = "",
        ["priority"] = column.Priority,
    };
}
