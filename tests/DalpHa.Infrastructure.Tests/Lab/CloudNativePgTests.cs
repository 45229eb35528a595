using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Lab.Hosting;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Npgsql;

namespace DalpHa.Infrastructure.Tests.Lab;

/// <summary>The CloudNativePG stand-in over the lab's real servers: roles change as the operator changes them, and are refused as its webhook refuses.</summary>
public sealed class CloudNativePgTests
{
    private const string Healthy = "Cluster in healthy state";
    private const string West = "postgresql-primary";
    private const string East = "postgresql-replica";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ADistributedTopologyHandsItsPrimaryOverAndBackWithoutLosingARow()
    {
        await using var inside = await LabInside.StartAsync(settings => settings with { Database = LabDatabaseKind.CloudNativePg, WriteLoad = 100 });
        var (west, east) = (inside.Active, inside.Standby);
        await UntilAsync(west, West, "it is well", cluster => Phase(cluster) == Healthy && Condition(cluster, "Ready") == "True" && Condition(cluster, "ContinuousArchiving") == "True");
        var follower = await UntilAsync(east, East, "it is well", cluster => Phase(cluster) == Healthy);
        Assert.Equal((string?)(await ReadAsync(west, West))["status"]!["systemID"], (string?)follower["status"]!["systemID"]);
        Assert.Equal("postgresql-replica-1", (string?)follower["status"]!["currentPrimary"]);
        await Eventually.HoldsAsync("rows are acknowledged", _ => Task.FromResult(inside.Lab.Load.AcknowledgedBy(west) > 50), Token);

        var token = await HandOverAsync(west, West, east, East);

        var kept = (long)(await inside.Lab.Databases.Standby.ExecuteAsync("SELECT count(*) FROM lab.load WHERE site = 'Active'", Token, inside.Lab.Databases.Database))!;
        Assert.InRange(kept, inside.Lab.Load.AcknowledgedBy(west), inside.Lab.Load.AcknowledgedBy(west) + 1);
        Assert.Equal(2, (int)(await ReadAsync(east, East))["status"]!["timelineID"]!);
        Assert.Equal(["latestCheckpointTimelineID", "redoWalFile", "databaseSystemIdentifier", "latestCheckpointREDOLocation", "timeOfLatestCheckpoint", "operatorVersion"], Content(token).Select(field => field.Key));
        await inside.Lab.Databases.WaitForStreamingAsync(inside.Lab.Databases.Primary, Token);
        await Eventually.HoldsAsync("the other site writes", _ => Task.FromResult(inside.Lab.Load.AcknowledgedBy(east) > 0), Token);

        await HandOverAsync(east, East, west, West);
        Assert.Equal(3, (int)(await ReadAsync(west, West))["status"]!["timelineID"]!);
    }

    [Fact]
    public async Task AReplicaClusterRefusesWhatCantBeAndPromotesWhenItIsCutOff()
    {
        await using var inside = await LabInside.StartAsync(settings => settings with { Database = LabDatabaseKind.CloudNativePgReplica });
        var (east, server) = (inside.Standby, inside.Lab.Databases.Standby);
        await UntilAsync(east, East, "it is well", cluster => Phase(cluster) == Healthy);
        var services = (await east.Admin.CoreV1.ListNamespacedServiceAsync("dalp", cancellationToken: Token)).Items.Select(service => service.Metadata.Name);
        Assert.Superset(new HashSet<string> { $"{East}-rw", $"{East}-ro", $"{East}-r" }, services.ToHashSet());

        await RefusedAsync(east, new { replica = new { promotionToken = "x" } }, "promotionToken is only allowed for primary clusters");
        await RefusedAsync(east, new { replica = new { enabled = false, promotionToken = "x", minApplyDelay = "1h" } }, "minApplyDelay cannot be applied with a promotion token");
        await RefusedAsync(east, new { replica = new { enabled = false, promotionToken = "x" } }, "Invalid promotionToken format");
        await RefusedAsync(east, new { replica = new { primary = East } }, "replica mode enabled is not compatible with the primary field");

        var forbidden = await Assert.ThrowsAsync<PostgresException>(() => server.ExecuteAsync("ALTER SYSTEM SET work_mem = '5MB'", Token));
        Assert.Contains(forbidden.SqlState, new[] { PostgresErrorCodes.InsufficientPrivilege, PostgresErrorCodes.FeatureNotSupported });
        await PatchAsync(east, East, new { postgresql = new { enableAlterSystem = true, parameters = new { work_mem = "6MB" } } });
        await Eventually.HoldsAsync("the parameter holds", async _ => (string?)await server.ExecuteAsync("SHOW work_mem", Token) == "6MB", Token);
        await server.ExecuteAsync("ALTER SYSTEM SET work_mem = '5MB'", Token);
        await server.ExecuteAsync("ALTER SYSTEM RESET work_mem", Token);
        await PatchAsync(east, East, new { postgresql = new { enableAlterSystem = (bool?)null, parameters = new { work_mem = (string?)null } } });
        await Eventually.HoldsAsync("the parameter is gone", async _ => (string?)await server.ExecuteAsync("SHOW work_mem", Token) == "4MB", Token);

        await inside.Lab.Faults.InjectAsync(LabFault.OperatorDown, null, null, Token);
        await PatchStatusAsync(east, new { switchReplicaClusterStatus = new { inProgress = true } });
        await RefusedAsync(east, new { replica = new { enabled = false } }, "cannot modify the field while there is an ongoing operation");
        await PatchStatusAsync(east, new { switchReplicaClusterStatus = new { inProgress = false } });
        await AnnotateAsync(east, "cnpg.io/fencedInstances", """["*"]""");
        await Task.Delay(500, Token);
        Assert.NotNull(server.ProcessId);
        await inside.Lab.Faults.UndoAsync(LabFault.OperatorDown, null, Token);

        await UntilAsync(east, East, "it is fenced", cluster => (int?)cluster["status"]!["readyInstances"] == 0 && Condition(cluster, "Ready") == "False");
        Assert.Null(server.ProcessId);
        await Eventually.HoldsAsync("its pod is there and not ready", async _ => !await PodIsReadyAsync(east), Token);
        await AnnotateAsync(east, "cnpg.io/fencedInstances", null);
        await UntilAsync(east, East, "it is well again", cluster => Phase(cluster) == Healthy);
        await inside.Lab.Databases.WaitForStreamingAsync(Token);

        await AnnotateAsync(east, "cnpg.io/hibernation", "on");
        await UntilAsync(east, East, "it is hibernated", cluster => Condition(cluster, "cnpg.io/hibernation") == "True");
        Assert.Null(server.ProcessId);
        await AnnotateAsync(east, "cnpg.io/hibernation", null);
        await UntilAsync(east, East, "it is awake", cluster => Phase(cluster) == Healthy && Condition(cluster, "cnpg.io/hibernation") is null && (int?)cluster["status"]!["readyInstances"] == 1);

        var past = Token64(await server.Data.ReadControlAsync(Token), "0/28");
        await PatchAsync(east, East, new { replica = new { enabled = false, promotionToken = past } });
        await UntilAsync(east, East, "the token is refused for good", cluster => Phase(cluster) == "Cluster is unrecoverable and needs manual intervention");
        Assert.Equal(true, await server.ExecuteAsync("SELECT pg_is_in_recovery()", Token));
        var future = Token64(await server.Data.ReadControlAsync(Token), "FF/28");
        await PatchAsync(east, East, new { replica = new { promotionToken = future } });
        await UntilAsync(east, East, "the token is waited for", cluster => Phase(cluster) == "Promoting to primary cluster");
        Assert.Equal(true, await server.ExecuteAsync("SELECT pg_is_in_recovery()", Token));

        await PatchAsync(east, East, new { replica = new { promotionToken = (string?)null } });
        await UntilAsync(east, East, "it is primary", cluster => Phase(cluster) == Healthy && (int?)cluster["status"]!["timelineID"] == 2);
        Assert.Equal(false, await server.ExecuteAsync("SELECT pg_is_in_recovery()", Token));
    }

    private static async Task<string> HandOverAsync(Region from, string former, Region to, string next)
    {
        var before = (string?)(await ReadAsync(from, former))["status"]!["demotionToken"];
        await PatchAsync(from, former, new { replica = new { primary = next, promotionToken = (string?)null } });
        var demoted = await UntilAsync(from, former, "it is demoted", cluster =>
            (string?)cluster["status"]!["demotionToken"] is { } written && written != before && (bool?)cluster["status"]!["switchReplicaClusterStatus"]?["inProgress"] == false && Phase(cluster) == Healthy);
        var token = (string)demoted["status"]!["demotionToken"]!;
        await PatchAsync(to, next, new { replica = new { primary = next, promotionToken = token } });
        await UntilAsync(to, next, "it is promoted", cluster => (string?)cluster["status"]!["lastPromotionToken"] == token && Phase(cluster) == Healthy);
        return token;
    }

    private static string Token64(IReadOnlyDictionary<string, string> control, string redo) => Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new Dictionary<string, string>
    {
        ["latestCheckpointTimelineID"] = "1",
        ["redoWalFile"] = "000000010000000000000003",
        ["databaseSystemIdentifier"] = control["Database system identifier"],
        ["latestCheckpointREDOLocation"] = redo,
        ["timeOfLatestCheckpoint"] = "Tue Jan  6 10:00:00 2026",
        ["operatorVersion"] = "1.30.0",
    })));

    private static JsonObject Content(string token) => JsonNode.Parse(Convert.FromBase64String(token))!.AsObject();

    private static string? Phase(JsonObject cluster) => (string?)cluster["status"]?["phase"];

    private static string? Condition(JsonObject cluster, string type) =>
        (string?)cluster["status"]?["conditions"]?.AsArray().FirstOrDefault(condition => (string?)condition!["type"] == type)?["status"];

    private static async Task<JsonObject> ReadAsync(Region region, string name) => JsonSerializer.SerializeToNode(
        await region.Admin.CustomObjects.GetNamespacedCustomObjectAsync("postgresql.cnpg.io", "v1", "dalp", "clusters", name, Token))!.AsObject();

    private static async Task<JsonObject> UntilAsync(Region region, string name, string what, Func<JsonObject, bool> holds)
    {
        JsonObject cluster = [];
        try
        {
            await Eventually.HoldsAsync(what, async _ => holds(cluster = await ReadAsync(region, name)), Token);
        }
        catch (Core.Errors.DalpException)
        {
            Assert.Fail($"Not in time: {what}. Last seen: {cluster["spec"]} {cluster["status"]}");
        }
        return cluster;
    }

    private static Task PatchAsync(Region region, string name, object spec) => region.Admin.CustomObjects.PatchNamespacedCustomObjectAsync(
        new V1Patch(JsonSerializer.Serialize(new { spec }), V1Patch.PatchType.MergePatch), "postgresql.cnpg.io", "v1", "dalp", "clusters", name, cancellationToken: Token);

    private static Task PatchStatusAsync(Region region, object status) => region.Admin.CustomObjects.PatchNamespacedCustomObjectStatusAsync(
        new V1Patch(JsonSerializer.Serialize(new { status }), V1Patch.PatchType.MergePatch), "postgresql.cnpg.io", "v1", "dalp", "clusters", East, cancellationToken: Token);

    private static Task AnnotateAsync(Region region, string annotation, string? value) => region.Admin.CustomObjects.PatchNamespacedCustomObjectAsync(
        new V1Patch(JsonSerializer.Serialize(new { metadata = new { annotations = new Dictionary<string, string?> { [annotation] = value } } }), V1Patch.PatchType.MergePatch),
        "postgresql.cnpg.io", "v1", "dalp", "clusters", East, cancellationToken: Token);

    private static async Task RefusedAsync(Region region, object spec, string why)
    {
        var refusal = await Assert.ThrowsAsync<HttpOperationException>(() => PatchAsync(region, East, spec));
        Assert.Equal(System.Net.HttpStatusCode.UnprocessableEntity, refusal.Response.StatusCode);
        Assert.Contains("admission webhook \\\"vcluster.cnpg.io\\\" denied the request", refusal.Response.Content, StringComparison.Ordinal);
        Assert.Contains(why, refusal.Response.Content, StringComparison.Ordinal);
    }

    private static async Task<bool> PodIsReadyAsync(Region region) =>
        (await region.Admin.CoreV1.ReadNamespacedPodAsync($"{East}-1", "dalp", cancellationToken: Token)).Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });
}
