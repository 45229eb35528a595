using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

public abstract partial class ConformanceSuite
{
    [Fact]
    public async Task A_created_object_is_identified_and_can_be_read_back()
    {
        var created = (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        Assert.True(Guid.TryParse(created.Text("metadata.uid"), out _));
        Assert.NotEmpty(created.Text("metadata.creationTimestamp"));
        Assert.Equal(_namespace, created.Text("metadata.namespace"));
        var read = (await _admin.Get($"{Core}/configmaps/a")).Expect(200);
        Assert.Equal("ConfigMap", read.Text("kind"));
        Assert.Equal("v1", read.Text("apiVersion"));
        Assert.Equal("1", read.Text("data.key"));
        Assert.Equal(created.Text("metadata.resourceVersion"), read.Text("metadata.resourceVersion"));
    }

    [Fact]
    public async Task Missing_double_and_misplaced_objects_are_refused()
    {
        var missing = (await _admin.Get($"{Core}/configmaps/none")).Refused(404, "NotFound");
        Assert.Equal("configmaps \"none\" not found", missing.Text("message"));
        Assert.Equal("configmaps", missing.Text("details.kind"));
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        var twice = (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Refused(409, "AlreadyExists");
        Assert.Equal("configmaps \"a\" already exists", twice.Text("message"));
        (await _admin.Post("/api/v1/namespaces/not-there/configmaps", ConfigMap("a"))).Refused(404, "NotFound");
        var other = ConfigMap("b");
        other["metadata"]!["namespace"] = "default";
        (await _admin.Post($"{Core}/configmaps", other)).Refused(400, "BadRequest");
        (await _admin.Get("/api/v1/nothings")).Refused(404, "NotFound");
    }

    [Fact]
    public async Task Names_are_checked_and_generated()
    {
        (await _admin.Post($"{Core}/configmaps", ConfigMap("Not_A_Name"))).Refused(422, "Invalid");
        (await _admin.Post($"{Core}/configmaps", new JsonObject { ["metadata"] = new JsonObject() })).Refused(422, "Invalid");
        var made = (await _admin.Post($"{Core}/configmaps", JsonNode.Parse("""{"metadata":{"generateName":"made-"}}""")!)).Expect(201);
        Assert.Matches("^made-[a-z0-9]{5}$", made.Text("metadata.name"));
        (await _admin.Send(HttpMethod.Post, $"{Core}/configmaps", "{not json")).Refused(400, "BadRequest");
    }

    [Fact]
    public async Task An_update_with_a_stale_version_is_a_conflict()
    {
        var first = (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        var changed = first.Body.DeepClone();
        changed["data"]!["key"] = "2";
        var second = (await _admin.Put($"{Core}/configmaps/a", changed)).Expect(200);
        Assert.NotEqual(first.Text("metadata.resourceVersion"), second.Text("metadata.resourceVersion"));
        (await _admin.Put($"{Core}/configmaps/a", changed)).Refused(409, "Conflict");
        (await _admin.Patch($"{Core}/configmaps/a", "merge-patch+json", $$$"""{"metadata":{"resourceVersion":"{{{first.Text("metadata.resourceVersion")}}}"},"data":{"key":"3"}}"""))
            .Refused(409, "Conflict");
        // Without a version an update is unconditional.
        (await _admin.Put($"{Core}/configmaps/a", ConfigMap("a", "4"))).Expect(200);
        (await _admin.Put($"{Core}/configmaps/none", ConfigMap("none"))).Refused(404, "NotFound");
        changed["metadata"]!.AsObject().Remove("resourceVersion");
        changed["metadata"]!["uid"] = Guid.NewGuid().ToString();
        (await _admin.Put($"{Core}/configmaps/a", changed)).Refused(409, "Conflict");
    }

    [Fact]
    public async Task A_change_that_changes_nothing_keeps_the_version()
    {
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        var before = (await _admin.Patch($"{Core}/configmaps/a", "merge-patch+json", """{"data":{"key":"2"}}""")).Expect(200);
        var after = (await _admin.Patch($"{Core}/configmaps/a", "merge-patch+json", """{"data":{"key":"2"}}""")).Expect(200);
        Assert.Equal(before.Text("metadata.resourceVersion"), after.Text("metadata.resourceVersion"));
    }

    [Fact]
    public async Task Generation_counts_changes_of_the_spec_only()
    {
        var made = (await _admin.Post($"{Apps}/deployments", Deployment("d"))).Expect(201);
        Assert.Equal("1", made.Text("metadata.generation"));
        var labelled = (await _admin.Patch($"{Apps}/deployments/d", "merge-patch+json", """{"metadata":{"labels":{"x":"y"}}}""")).Expect(200);
        Assert.Equal("1", labelled.Text("metadata.generation"));
        var changed = (await _admin.Patch($"{Apps}/deployments/d", "merge-patch+json", """{"spec":{"minReadySeconds":5}}""")).Expect(200);
        Assert.Equal("2", changed.Text("metadata.generation"));
    }

    [Fact]
    public async Task Defaults_that_clients_rely_on_are_filled_in()
    {
        Assert.Equal("1", (await _admin.Post($"{Apps}/deployments", Deployment("d", null))).Expect(201).Text("spec.replicas"));
        var pod = (await _admin.Post($"{Core}/pods", Pod("p"))).Expect(201);
        Assert.Equal("Pending", pod.Text("status.phase"));
        Assert.Equal("default", pod.Text("spec.serviceAccountName"));
        Assert.Equal("30", pod.Text("spec.terminationGracePeriodSeconds"));
        var secret = Named("s");
        secret["stringData"] = new JsonObject { ["k"] = "v" };
        var stored = (await _admin.Post($"{Core}/secrets", secret)).Expect(201);
        Assert.Equal("Opaque", stored.Text("type"));
        Assert.Equal("dg==", stored.Text("data.k"));
        Assert.Null(stored["stringData"]);
        Assert.Equal("Active", (await _admin.Get($"/api/v1/namespaces/{_namespace}")).Expect(200).Text("status.phase"));
    }

    [Fact]
    public async Task Wrong_workloads_are_invalid()
    {
        var mismatched = Deployment("d");
        mismatched["spec"]!["selector"]!["matchLabels"]!["app"] = "other";
        var refused = (await _admin.Post($"{Apps}/deployments", mismatched)).Refused(422, "Invalid");
        Assert.Contains("selector", refused.Text("message"), StringComparison.Ordinal);
        Assert.NotEmpty(refused.Text("details.causes.0.field"));
        (await _admin.Post($"{Apps}/deployments", Deployment("d", -1))).Refused(422, "Invalid");
        (await _admin.Post($"{Apps}/deployments", Deployment("d"))).Expect(201);
        (await _admin.Patch($"{Apps}/deployments/d", "merge-patch+json", """{"spec":{"selector":{"matchLabels":{"z":"z"}}}}""")).Refused(422, "Invalid");
    }

    [Fact]
    public async Task Status_and_spec_are_written_apart()
    {
        (await _admin.Post($"{Core}/pods", Pod("p"))).Expect(201);
        var pod = (await _admin.Patch($"{Core}/pods/p/status", "merge-patch+json", """{"spec":{"priority":7},"status":{"phase":"Running","podIP":"10.1.1.1"}}""")).Expect(200);
        Assert.Equal("Running", pod.Text("status.phase"));
        Assert.NotEqual("7", pod.Text("spec.priority"));
        var again = (await _admin.Patch($"{Core}/pods/p", "merge-patch+json", """{"metadata":{"labels":{"a":"b"}},"status":{"phase":"Failed"}}""")).Expect(200);
        Assert.Equal("Running", again.Text("status.phase"));
        Assert.Equal("b", again.Text("metadata.labels.a"));
    }

    [Fact]
    public async Task Scale_is_read_and_written()
    {
        (await _admin.Post($"{Apps}/deployments", Deployment("d"))).Expect(201);
        var scale = (await _admin.Get($"{Apps}/deployments/d/scale")).Expect(200);
        Assert.Equal("Scale", scale.Text("kind"));
        Assert.Equal("autoscaling/v1", scale.Text("apiVersion"));
        Assert.Equal("app=d", scale.Text("status.selector"));
        // A deployment's own controller may write between the read and the write.
        scale.Body["metadata"]!.AsObject().Remove("resourceVersion");
        scale.Body["spec"]!["replicas"] = 1;
        Assert.Equal("1", (await _admin.Put($"{Apps}/deployments/d/scale", scale.Body)).Expect(200).Text("spec.replicas"));
        (await _admin.Patch($"{Apps}/deployments/d/scale", "merge-patch+json", """{"spec":{"replicas":0}}""")).Expect(200);
        Assert.Equal("0", (await _admin.Get($"{Apps}/deployments/d")).Expect(200).Text("spec.replicas"));
        (await _admin.Patch($"{Apps}/deployments/d/scale", "merge-patch+json", """{"spec":{"replicas":-1}}""")).Refused(422, "Invalid");
    }

    [Fact]
    public async Task A_pod_is_bound_to_one_node_once()
    {
        (await _admin.Post($"{Core}/pods", Pod("p"))).Expect(201);
        var binding = Named("p");
        binding["target"] = new JsonObject { ["kind"] = "Node", ["name"] = "node-1" };
        (await _admin.Post($"{Core}/pods/p/binding", binding)).Expect(201);
        var pod = (await _admin.Get($"{Core}/pods/p")).Expect(200);
        Assert.Equal("node-1", pod.Text("spec.nodeName"));
        Assert.Contains(pod["status.conditions"]!.AsArray(), condition => condition!["type"]!.ToString() == "PodScheduled" && condition["status"]!.ToString() == "True");
        (await _admin.Post($"{Core}/pods/p/binding", binding)).Refused(409, "Conflict");
    }

    [Fact]
    public async Task Little_of_a_pod_can_be_changed()
    {
        (await _admin.Post($"{Core}/pods", Pod("p"))).Expect(201);
        Assert.Equal("registry.example/app:2", (await _admin.Patch($"{Core}/pods/p", Strategic, """{"spec":{"containers":[{"name":"main","image":"registry.example/app:2"}]}}""")).Expect(200)
            .Text("spec.containers.0.image"));
        (await _admin.Patch($"{Core}/pods/p", Strategic, """{"spec":{"containers":[{"name":"main","env":[{"name":"A","value":"9"}]}]}}""")).Refused(422, "Invalid");
        (await _admin.Patch($"{Core}/pods/p", Merge, """{"spec":{"nodeName":"node-1"}}""")).Refused(422, "Invalid");
    }

    [Fact]
    public async Task What_is_immutable_stays()
    {
        var map = ConfigMap("a");
        map["immutable"] = true;
        (await _admin.Post($"{Core}/configmaps", map)).Expect(201);
        (await _admin.Patch($"{Core}/configmaps/a", Merge, """{"data":{"key":"2"}}""")).Refused(422, "Invalid");
        (await _admin.Patch($"{Core}/configmaps/a", Merge, """{"immutable":false}""")).Refused(422, "Invalid");
        (await _admin.Patch($"{Core}/configmaps/a", Merge, """{"metadata":{"labels":{"a":"b"}}}""")).Expect(200);
        var secret = Named("s");
        secret["type"] = "example.com/mine";
        (await _admin.Post($"{Core}/secrets", secret)).Expect(201);
        (await _admin.Patch($"{Core}/secrets/s", Merge, """{"type":"example.com/other"}""")).Refused(422, "Invalid");
        (await _admin.Post($"{Apps}/statefulsets", StatefulSet("set"))).Expect(201);
        (await _admin.Patch($"{Apps}/statefulsets/set", Merge, """{"spec":{"serviceName":"other"}}""")).Refused(422, "Invalid");
    }

    [Theory]
    [InlineData("""{"metadata":{"name":"a"},"data":{"bad key":"1"}}""", "data[bad key]")]
    [InlineData("""{"metadata":{"name":"a","labels":{"k":"not a value"}}}""", "metadata.labels")]
    [InlineData("""{"metadata":{"name":"a","labels":{"not a key":"v"}}}""", "metadata.labels")]
    [InlineData("""{"metadata":{"name":"a","annotations":{"not a key":"v"}}}""", "metadata.annotations")]
    [InlineData("""{"metadata":{"name":"a","finalizers":["unqualified"]}}""", "metadata.finalizers")]
    [InlineData("""{"metadata":{"name":"a","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p"}]}}""", "metadata.ownerReferences.uid")]
    public async Task Keys_labels_and_owners_are_checked(string map, string field)
    {
        var refused = (await _admin.Post($"{Core}/configmaps", JsonNode.Parse(map)!)).Refused(422, "Invalid");
        Assert.Contains(refused["details.causes"]!.AsArray(), cause => cause!["field"]!.ToString().StartsWith(field, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Values_of_a_secret_are_base64()
    {
        var secret = Named("s");
        secret["data"] = new JsonObject { ["k"] = "***" };
        (await _admin.Post($"{Core}/secrets", secret)).Refused(400, "BadRequest");
    }

    [Fact]
    public async Task A_dry_run_stores_nothing()
    {
        (await _admin.Post($"{Core}/configmaps?dryRun=All", ConfigMap("a"))).Expect(201);
        (await _admin.Get($"{Core}/configmaps/a")).Refused(404, "NotFound");
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        (await _admin.Delete($"{Core}/configmaps/a?dryRun=All")).Expect(200);
        (await _admin.Patch($"{Core}/configmaps/a?dryRun=All", "merge-patch+json", """{"data":{"key":"9"}}""")).Expect(200);
        Assert.Equal("1", (await _admin.Get($"{Core}/configmaps/a")).Expect(200).Text("data.key"));
    }
}
