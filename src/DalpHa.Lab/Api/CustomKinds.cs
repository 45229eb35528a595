using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api;

/// <summary>Reads the kinds that a CustomResourceDefinition (apiextensions.k8s.io/v1) declares.</summary>
internal static class CustomKinds
{
    public static IReadOnlyList<ResourceKind> Of(JsonObject definition)
    {
        var spec = definition.Child("spec");
        var names = spec.Child("names");
        return [.. spec.Items("versions").Where(version => version.Text("served") == "true").Select(version => new ResourceKind(
            spec.Text("group")!, version.Text("name")!, names.Text("plural")!, names.Text("kind")!)
        {
            Custom = true,
            Namespaced = spec.Text("scope") != "Cluster",
            ShortNames = [.. names.Strings("shortNames")],
            InAll = names.Strings("categories").Contains("all"),
            Singular = names.Text("singular") ?? names.Text("kind")!.ToLowerInvariant(),
            ListKind = names.Text("listKind") ?? names.Text("kind") + "List",
            CountsGeneration = true,
            HasStatus = version.At("subresources.status") is not null,
            Scale = version.At("subresources.scale") is JsonObject scale ? Paths(scale) : null,
            Schema = version.At("schema.openAPIV3Schema") as JsonObject,
            PrinterColumns = version["additionalPrinterColumns"] as JsonArray,
        })];
    }

    /// <summary>The names and the status that the server fills in once it serves the definition.</summary>
    public static void Complete(JsonObject definition, string now)
    {
        var names = definition.Child("spec").Child("names");
        var kind = names.Text("kind") ?? "";
        names.Default("singular", kind.ToLowerInvariant()).Default("listKind", kind + "List");
        definition.Child("spec").Default("conversion", new JsonObject { ["strategy"] = "None" });
        var storage = definition.Child("spec").Items("versions").Where(version => version.Text("storage") == "true").Select(version => version.Text("name"));
        definition["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(Condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
                Condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now)),
            ["acceptedNames"] = names.DeepClone(),
            ["storedVersions"] = new JsonArray([.. storage.Select(name => (JsonNode?)name)]),
        };
    }

    private static ScalePaths Paths(JsonObject scale) => new(
        Trim(scale.Text("specReplicasPath")), Trim(scale.Text("statusReplicasPath")), Trim(scale.Text("labelSelectorPath")));

    private static string Trim(string? path) => path?.TrimStart('.') ?? "";

    private static JsonObject Condition(string type, string reason, string message, string now) => new()
    {
        ["type"] = type, ["status"] = "True", ["lastTransitionTime"] = now, ["reason"] = reason, ["message"] = message,
    };
}
