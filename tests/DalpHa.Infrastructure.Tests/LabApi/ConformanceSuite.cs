using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

/// <summary>What every API server must do, told over plain HTTP. Each test has a namespace of its own.</summary>
public abstract partial class ConformanceSuite(IApiServerUnderTest server) : IAsyncLifetime
{
    private readonly ApiClient _admin = server.SkipReason is null ? new(server, server.AdminToken) : null!;
    private readonly string _namespace = $"t-{Guid.NewGuid():N}"[..12];

    private string Core => $"/api/v1/namespaces/{_namespace}";

    private string Apps => $"/apis/apps/v1/namespaces/{_namespace}";

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(server.SkipReason is not null, server.SkipReason ?? "");
        (await _admin.Post("/api/v1/namespaces", Named(_namespace))).Expect(201);
        // Pods need an account, which controllers make a moment after the namespace.
        await Until(async () => (int)(await _admin.Post($"{Core}/pods?dryRun=All", Pod("tried"))).Code == 201);
    }

    public async ValueTask DisposeAsync()
    {
        if (server.SkipReason is null)
        {
            await _admin.Delete(Definition);
            await _admin.Delete($"/api/v1/namespaces/{_namespace}");
            _admin.Dispose();
        }
        GC.SuppressFinalize(this);
    }

    private static JsonObject Named(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };

    private static JsonObject ConfigMap(string name, string value = "1", string? label = null)
    {
        var map = Named(name);
        map["data"] = new JsonObject { ["key"] = value };
        if (label is not null)
        {
            map["metadata"]!["labels"] = new JsonObject { ["app"] = label };
        }
        return map;
    }

    private static JsonObject Pod(string name, string? node = null)
    {
        var pod = Named(name);
        pod["spec"] = JsonNode.Parse("""{"containers":[{"name":"main","image":"registry.example/app:1","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]}""");
        if (node is not null)
        {
            pod["spec"]!["nodeName"] = node;
        }
        return pod;
    }

    private static JsonObject Deployment(string name, int? replicas = 0)
    {
        var deployment = Named(name);
        deployment["spec"] = new JsonObject
        {
            ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name } },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = name } },
                ["spec"] = Pod(name)["spec"]!.DeepClone(),
            },
        };
        if (replicas is { } count)
        {
            deployment["spec"]!["replicas"] = count;
        }
        return deployment;
    }

    private static async Task Until(Func<Task<bool>> holds)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await holds())
        {
            await Task.Delay(50, bound.Token);
        }
    }
}

/// <summary>The suite against the lab's endpoint.</summary>
public sealed class LabConformanceTests(LabServerFixture server) : ConformanceSuite(server), IClassFixture<LabServerFixture>;

/// <summary>The suite against a real kube-apiserver.</summary>
public sealed class RealConformanceTests(RealServerFixture server) : ConformanceSuite(server), IClassFixture<RealServerFixture>;
