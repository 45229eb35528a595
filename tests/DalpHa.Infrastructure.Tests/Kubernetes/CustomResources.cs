namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>Kinds that a server has only once their definition was made.</summary>
internal static class CustomResources
{
    /// <summary>The definition of CloudNativePG's Cluster. Fields are kept as they come: a suite is about what the adapter sends, not about the operator's schema.</summary>
    public const string CloudNativePg = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"clusters.postgresql.cnpg.io"},
         "spec":{"group":"postgresql.cnpg.io","scope":"Namespaced","names":{"kind":"Cluster","listKind":"ClusterList","plural":"clusters","singular":"cluster"},
          "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","properties":{
           "spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true},"status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}}
        """;

    /// <summary>The definition of OpenShift's Route.</summary>
    public static string OpenShiftRoute => Of("route.openshift.io", "Route", "routes");

    /// <summary>The definition of a kind of version v1, whose fields are kept as they come.</summary>
    public static string Of(string group, string kind, string plural) => CloudNativePg
        .Replace("clusters", plural, StringComparison.Ordinal)
        .Replace("postgresql.cnpg.io", group, StringComparison.Ordinal)
        .Replace("Cluster", kind, StringComparison.Ordinal)
        .Replace("\"singular\":\"cluster\"", $"\"singular\":\"{kind.ToLowerInvariant()}\"", StringComparison.Ordinal);

    /// <summary>Makes CloudNativePG's Cluster known, once for a server.</summary>
    public static Task PlantCloudNativePgAsync(ApiServerFixture server) =>
        PlantAsync(server, "clusters.postgresql.cnpg.io", CloudNativePg, $"apis/postgresql.cnpg.io/v1/namespaces/{server.Namespace}/clusters");

    /// <summary>Makes a kind known, once for a server, and waits until it is served.</summary>
    public static async Task PlantAsync(ApiServerFixture server, string name, string definition, string list)
    {
        const string Definitions = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        if (!await server.ExistsAsync($"{Definitions}/{name}"))
        {
            await server.CreateAsync(Definitions, definition);
        }
        for (var waited = 0; waited < 100 && !await server.ExistsAsync(list); waited++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}
