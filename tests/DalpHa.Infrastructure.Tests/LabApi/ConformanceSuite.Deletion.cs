using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

public abstract partial class ConformanceSuite
{
    [Fact]
    public async Task A_deletion_is_answered_with_what_it_ended()
    {
        var made = (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        var status = (await _admin.Delete($"{Core}/configmaps/a")).Expect(200);
        Assert.Equal("Status", status.Text("kind"));
        Assert.Equal("Success", status.Text("status"));
        Assert.Equal("a", status.Text("details.name"));
        Assert.Equal(made.Text("metadata.uid"), status.Text("details.uid"));
        (await _admin.Delete($"{Core}/configmaps/a")).Refused(404, "NotFound");
    }

    [Fact]
    public async Task A_pod_on_a_node_has_time_to_end()
    {
        (await _admin.Post($"{Core}/pods", Pod("p", "node-1"))).Expect(201);
        var ending = (await _admin.Delete($"{Core}/pods/p")).Expect(200);
        Assert.Equal("Pod", ending.Text("kind"));
        Assert.NotEmpty(ending.Text("metadata.deletionTimestamp"));
        Assert.Equal("30", ending.Text("metadata.deletionGracePeriodSeconds"));
        var sooner = (await _admin.Delete($"{Core}/pods/p", new JsonObject { ["gracePeriodSeconds"] = 5 })).Expect(200);
        Assert.Equal("5", sooner.Text("metadata.deletionGracePeriodSeconds"));
        // Time once taken is not given back.
        Assert.Equal("5", (await _admin.Delete($"{Core}/pods/p?gracePeriodSeconds=60")).Expect(200).Text("metadata.deletionGracePeriodSeconds"));
        (await _admin.Delete($"{Core}/pods/p?gracePeriodSeconds=0")).Expect(200);
        (await _admin.Get($"{Core}/pods/p")).Refused(404, "NotFound");
    }

    [Fact]
    public async Task A_pod_that_nobody_runs_is_gone_at_once()
    {
        (await _admin.Post($"{Core}/pods", Pod("p"))).Expect(201);
        (await _admin.Delete($"{Core}/pods/p")).Expect(200);
        (await _admin.Get($"{Core}/pods/p")).Refused(404, "NotFound");
    }

    [Theory]
    [InlineData("uid", "00000000-0000-0000-0000-000000000000")]
    [InlineData("resourceVersion", "1")]
    public async Task A_deletion_may_be_meant_for_one_object_or_state(string precondition, string other)
    {
        var made = (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        (await _admin.Delete($"{Core}/configmaps/a", Options("preconditions", new JsonObject { [precondition] = other }))).Refused(409, "Conflict");
        (await _admin.Delete($"{Core}/configmaps/a", Options("preconditions", new JsonObject { [precondition] = made.Text($"metadata.{precondition}") }))).Expect(200);
        (await _admin.Get($"{Core}/configmaps/a")).Refused(404, "NotFound");
    }

    [Fact]
    public async Task A_finalizer_holds_an_object()
    {
        (await _admin.Post($"{Core}/configmaps", Held("a"))).Expect(201);
        var ending = (await _admin.Delete($"{Core}/configmaps/a")).Expect(200);
        Assert.Equal("ConfigMap", ending.Text("kind"));
        Assert.NotEmpty(ending.Text("metadata.deletionTimestamp"));
        // A second deletion changes nothing, and nobody may hold it from now on who did not before.
        var again = (await _admin.Delete($"{Core}/configmaps/a")).Expect(200);
        Assert.Equal(ending.Text("metadata.deletionTimestamp"), again.Text("metadata.deletionTimestamp"));
        (await _admin.Patch($"{Core}/configmaps/a", Merge, """{"metadata":{"finalizers":["dalp.example/hold","dalp.example/more"]}}""")).Refused(422, "Invalid");
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Refused(409, "AlreadyExists");
        await Release("a");
        (await _admin.Get($"{Core}/configmaps/a")).Refused(404, "NotFound");
    }

    [Fact]
    public async Task A_deletion_timestamp_is_the_servers_own()
    {
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        var refused = (await _admin.Patch($"{Core}/configmaps/a", Merge, """{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}""")).Refused(422, "Invalid");
        Assert.Equal("metadata.deletionTimestamp", refused.Text("details.causes.0.field"));
    }

    [Fact]
    public async Task Dependents_follow_their_owner()
    {
        await MakeOwnerAndDependent();
        (await _admin.Delete($"{Core}/configmaps/owner?propagationPolicy=Background")).Expect(200);
        (await _admin.Get($"{Core}/configmaps/owner")).Refused(404, "NotFound");
        await Gone($"{Core}/configmaps/dependent");
    }

    [Fact]
    public async Task Orphans_stay_and_forget_their_owner()
    {
        await MakeOwnerAndDependent();
        (await _admin.Delete($"{Core}/configmaps/owner", Options("propagationPolicy", "Orphan"))).Expect(200);
        await Gone($"{Core}/configmaps/owner");
        Assert.Null((await _admin.Get($"{Core}/configmaps/dependent")).Expect(200)["metadata.ownerReferences"]);
    }

    [Fact]
    public async Task An_owner_deleted_in_the_foreground_waits_for_its_dependents()
    {
        await MakeOwnerAndDependent(Held("dependent"));
        (await _admin.Delete($"{Core}/configmaps/owner?propagationPolicy=Foreground")).Expect(200);
        await Until(async () => (await _admin.Get($"{Core}/configmaps/dependent")).Expect(200)["metadata.deletionTimestamp"] is not null);
        var owner = (await _admin.Get($"{Core}/configmaps/owner")).Expect(200);
        Assert.NotEmpty(owner.Text("metadata.deletionTimestamp"));
        Assert.Equal("foregroundDeletion", owner.Text("metadata.finalizers.0"));
        await Release("dependent");
        await Gone($"{Core}/configmaps/dependent");
        await Gone($"{Core}/configmaps/owner");
    }

    [Fact]
    public async Task Who_is_made_for_an_owner_that_is_gone_follows_it()
    {
        var dependent = ConfigMap("late");
        dependent["metadata"]!["ownerReferences"] = Owner(Guid.NewGuid().ToString());
        (await _admin.Post($"{Core}/configmaps", dependent)).Expect(201);
        await Gone($"{Core}/configmaps/late");
    }

    [Fact]
    public async Task An_unknown_propagation_is_invalid()
    {
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        (await _admin.Delete($"{Core}/configmaps/a?propagationPolicy=Sideways")).Refused(422, "Invalid");
    }

    [Fact]
    public async Task A_collection_is_deleted_as_far_as_it_is_selected()
    {
        await MakeLabelled("a", "x");
        await MakeLabelled("b", "y");
        await MakeLabelled("c", "x");
        (await _admin.Delete($"{Leases}?labelSelector=app%3Dx&dryRun=All")).Expect(200);
        Assert.Equal(["a", "b", "c"], Names((await _admin.Get(Leases)).Expect(200)));
        (await _admin.Delete($"{Leases}?labelSelector=app%3Dx")).Expect(200);
        Assert.Equal(["b"], Names((await _admin.Get(Leases)).Expect(200)));
        (await _admin.Delete($"{Leases}?fieldSelector=metadata.name=b")).Expect(200);
        Assert.Empty(Names((await _admin.Get(Leases)).Expect(200)));
    }

    [Fact]
    public async Task A_namespace_empties_itself_and_takes_in_nothing_meanwhile()
    {
        (await _admin.Post($"{Core}/configmaps", ConfigMap("plain"))).Expect(201);
        (await _admin.Post($"{Core}/configmaps", Held("held"))).Expect(201);
        (await _admin.Delete($"/api/v1/namespaces/{_namespace}")).Expect(200);
        var ending = (await _admin.Get($"/api/v1/namespaces/{_namespace}")).Expect(200);
        Assert.Equal("Terminating", ending.Text("status.phase"));
        var refused = await _admin.Post($"{Core}/configmaps", ConfigMap("late"));
        refused.Refused(403, "Forbidden");
        Assert.Contains($"unable to create new content in namespace {_namespace} because it is being terminated", refused.Text("message"), StringComparison.Ordinal);
        Assert.Equal("NamespaceTerminating", refused.Text("details.causes.0.reason"));
        await Gone($"{Core}/configmaps/plain");
        await Until(async () => (await _admin.Get($"{Core}/configmaps/held")).Expect(200)["metadata.deletionTimestamp"] is not null);
        await Release("held");
        await Gone($"/api/v1/namespaces/{_namespace}");
    }

    private async Task MakeOwnerAndDependent(JsonObject? dependent = null)
    {
        var owner = (await _admin.Post($"{Core}/configmaps", ConfigMap("owner"))).Expect(201);
        dependent ??= ConfigMap("dependent");
        dependent["metadata"]!["ownerReferences"] = Owner(owner.Text("metadata.uid"));
        (await _admin.Post($"{Core}/configmaps", dependent)).Expect(201);
    }

    private static JsonArray Owner(string uid) =>
        [new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["name"] = "owner", ["uid"] = uid, ["blockOwnerDeletion"] = true }];

    private static JsonObject Held(string name)
    {
        var map = ConfigMap(name);
        map["metadata"]!["finalizers"] = new JsonArray("dalp.example/hold");
        return map;
    }

    private async Task Release(string name) => (await _admin.Patch($"{Core}/configmaps/{name}", Merge, """{"metadata":{"finalizers":null}}""")).Expect(200);

    private Task Gone(string path) => Until(async () => (int)(await _admin.Get(path)).Code == 404);

    private static JsonObject Options(string name, JsonNode value) => new() { ["kind"] = "DeleteOptions", ["apiVersion"] = "v1", [name] = value };
}
