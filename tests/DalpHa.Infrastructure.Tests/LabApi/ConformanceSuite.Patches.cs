using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

public abstract partial class ConformanceSuite
{
    private const string Json = "json-patch+json";
    private const string Merge = "merge-patch+json";
    private const string Strategic = "strategic-merge-patch+json";

    [Fact]
    public async Task A_json_patch_does_its_operations_in_order()
    {
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        var patched = (await _admin.Patch($"{Core}/configmaps/a", Json, """
            [{"op":"test","path":"/data/key","value":"1"},
             {"op":"add","path":"/data/added","value":"2"},
             {"op":"copy","from":"/data/added","path":"/data/copied"},
             {"op":"move","from":"/data/key","path":"/data/moved"},
             {"op":"replace","path":"/data/added","value":"3"},
             {"op":"add","path":"/metadata/annotations","value":{"dalp.example/note":"x"}},
             {"op":"remove","path":"/metadata/annotations/dalp.example~1note"}]
            """)).Expect(200);
        Assert.Equal("""{"added":"3","copied":"2","moved":"1"}""", Sorted(patched["data"]));
        Assert.Null(patched["metadata.annotations"]?["dalp.example/note"]);
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/data/key","value":"other"}]""")]
    [InlineData("""[{"op":"remove","path":"/data/none"}]""")]
    [InlineData("""[{"op":"add","path":"/none/below","value":"1"}]""")]
    public async Task A_json_patch_that_does_not_fit_changes_nothing(string patch)
    {
        var made = (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        (await _admin.Patch($"{Core}/configmaps/a", Json, $$"""[{"op":"add","path":"/data/before","value":"1"},{{patch[1..]}}""")).Refused(422, "Invalid");
        Assert.Equal(made.Text("metadata.resourceVersion"), (await _admin.Get($"{Core}/configmaps/a")).Expect(200).Text("metadata.resourceVersion"));
    }

    [Fact]
    public async Task A_merge_patch_removes_by_null_and_replaces_lists()
    {
        (await _admin.Post($"{Apps}/deployments", Deployment("d"))).Expect(201);
        (await _admin.Patch($"{Apps}/deployments/d", Merge, """{"metadata":{"annotations":{"a":"1","b":"2"}}}""")).Expect(200);
        var patched = (await _admin.Patch($"{Apps}/deployments/d", Merge, """
            {"metadata":{"annotations":{"a":null}},"spec":{"template":{"spec":{"containers":[{"name":"only","image":"registry.example/other:1"}]}}}}
            """)).Expect(200);
        Assert.Equal("2", patched.Text("metadata.annotations.b"));
        Assert.Null(patched["metadata.annotations.a"]);
        Assert.Equal("only", Assert.Single(Containers(patched))["name"]!.ToString());
    }

    [Fact]
    public async Task A_strategic_merge_finds_containers_and_variables_by_name()
    {
        (await _admin.Post($"{Apps}/deployments", Deployment("d"))).Expect(201);
        var patched = (await PatchPodOf("d", """
            {"containers":[{"name":"main","image":"registry.example/app:2","env":[{"name":"B","value":"3"},{"name":"C","value":"4"}]},
                           {"name":"second","image":"registry.example/second:1"}]}
            """)).Expect(200);
        var containers = Containers(patched).ToDictionary(container => container["name"]!.ToString());
        Assert.Equal(["main", "second"], containers.Keys.Order());
        Assert.Equal("registry.example/app:2", containers["main"]["image"]!.ToString());
        Assert.Equal(["A=1", "B=3", "C=4"], containers["main"]["env"]!.AsArray().Select(env => $"{env!["name"]}={env["value"]}").Order());
    }

    [Fact]
    public async Task A_strategic_merge_deletes_and_replaces_when_told_to()
    {
        (await _admin.Post($"{Apps}/deployments", Deployment("d"))).Expect(201);
        (await PatchPodOf("d", """{"nodeSelector":{"zone":"a"},"containers":[{"name":"second","image":"registry.example/second:1"}]}""")).Expect(200);
        var deleted = (await PatchPodOf("d", """
            {"containers":[{"name":"second","$patch":"delete"},{"name":"main","env":[{"name":"A","$patch":"delete"}]}]}
            """)).Expect(200);
        Assert.Equal("B", Assert.Single(Assert.Single(Containers(deleted))["env"]!.AsArray())!["name"]!.ToString());
        var replaced = (await PatchPodOf("d", """
            {"nodeSelector":{"$patch":"replace","disk":"ssd"},"containers":[{"$patch":"replace"},{"name":"new","image":"registry.example/new:1"}]}
            """)).Expect(200);
        Assert.Equal("new", Assert.Single(Containers(replaced))["name"]!.ToString());
        Assert.Equal("""{"disk":"ssd"}""", replaced["spec.template.spec.nodeSelector"]!.ToJsonString());
    }

    [Fact]
    public async Task A_strategic_merge_joins_finalizers_and_replaces_tolerations()
    {
        (await _admin.Post($"{Apps}/deployments", Deployment("d"))).Expect(201);
        (await _admin.Patch($"{Apps}/deployments/d", Strategic, """{"metadata":{"finalizers":["dalp.example/a"]}}""")).Expect(200);
        var both = (await _admin.Patch($"{Apps}/deployments/d", Strategic, """{"metadata":{"finalizers":["dalp.example/b"]}}""")).Expect(200);
        Assert.Equal(["dalp.example/a", "dalp.example/b"], both["metadata.finalizers"]!.AsArray().Select(name => name!.ToString()).Order());
        var one = (await _admin.Patch($"{Apps}/deployments/d", Strategic, """{"metadata":{"$deleteFromPrimitiveList/finalizers":["dalp.example/a"]}}""")).Expect(200);
        Assert.Equal("dalp.example/b", Assert.Single(one["metadata.finalizers"]!.AsArray())!.ToString());
        (await _admin.Patch($"{Apps}/deployments/d", Merge, """{"metadata":{"finalizers":null}}""")).Expect(200);

        (await PatchPodOf("d", """{"tolerations":[{"key":"a","operator":"Exists"},{"key":"b","operator":"Exists"}]}""")).Expect(200);
        var last = (await PatchPodOf("d", """{"tolerations":[{"key":"c","operator":"Exists"}]}""")).Expect(200);
        Assert.Equal("c", Assert.Single(last["spec.template.spec.tolerations"]!.AsArray())!["key"]!.ToString());
    }

    [Fact]
    public async Task A_patch_needs_a_known_kind_an_object_and_a_body_that_fits()
    {
        (await _admin.Patch($"{Core}/configmaps/none", Merge, "{}")).Refused(404, "NotFound");
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        (await _admin.Patch($"{Core}/configmaps/a", "json", "{}")).Refused(415, "UnsupportedMediaType");
        (await _admin.Patch($"{Core}/configmaps/a", Strategic, "{not json")).Refused(400, "BadRequest");
        (await _admin.Patch($"{Core}/configmaps/a", Json, "{}")).Refused(400, "BadRequest");
        (await _admin.Patch($"{Core}/configmaps/a", Merge, """{"metadata":{"name":"b"}}""")).Refused(400, "BadRequest");
        (await _admin.Patch($"{Core}/configmaps/a", Merge, """{"metadata":{"uid":"00000000-0000-0000-0000-000000000000"}}""")).Refused(422, "Invalid");
        (await _admin.Patch($"{Core}/configmaps/a?force=true", Merge, "{}")).Refused(422, "Invalid");
    }

    [Theory]
    [InlineData(Json, """[{"op":"replace","path":"/metadata/resourceVersion","value":"VERSION"},{"op":"replace","path":"/data/key","value":"3"}]""")]
    [InlineData(Merge, """{"metadata":{"resourceVersion":"VERSION"},"data":{"key":"3"}}""")]
    [InlineData(Strategic, """{"metadata":{"resourceVersion":"VERSION"},"data":{"key":"3"}}""")]
    public async Task A_patch_of_a_stale_version_is_a_conflict(string type, string patch)
    {
        var stale = (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201).Text("metadata.resourceVersion");
        var fresh = (await _admin.Put($"{Core}/configmaps/a", ConfigMap("a", "2"))).Expect(200).Text("metadata.resourceVersion");
        (await _admin.Patch($"{Core}/configmaps/a", type, patch.Replace("VERSION", stale, StringComparison.Ordinal))).Refused(409, "Conflict");
        Assert.Equal("3", (await _admin.Patch($"{Core}/configmaps/a", type, patch.Replace("VERSION", fresh, StringComparison.Ordinal))).Expect(200).Text("data.key"));
    }

    [Theory]
    [InlineData(Json, """[{"op":"add","path":"/status/podIP","value":"10.1.1.1"}]""")]
    [InlineData(Merge, """{"status":{"podIP":"10.1.1.1"}}""")]
    [InlineData(Strategic, """{"status":{"podIP":"10.1.1.1"}}""")]
    public async Task Every_kind_of_patch_reaches_the_status(string type, string patch)
    {
        (await _admin.Post($"{Core}/pods", Pod("p"))).Expect(201);
        Assert.Equal("10.1.1.1", (await _admin.Patch($"{Core}/pods/p/status", type, patch)).Expect(200).Text("status.podIP"));
    }

    [Fact]
    public async Task Conditions_are_merged_by_their_type()
    {
        (await _admin.Post($"{Core}/pods", Pod("p"))).Expect(201);
        (await _admin.Patch($"{Core}/pods/p/status", Strategic, """{"status":{"conditions":[{"type":"Ready","status":"False"},{"type":"Initialized","status":"True"}]}}""")).Expect(200);
        var pod = (await _admin.Patch($"{Core}/pods/p/status", Strategic, """{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""")).Expect(200);
        Assert.Equal(["Initialized=True", "Ready=True"], pod["status.conditions"]!.AsArray().Select(one => $"{one!["type"]}={one["status"]}").Order());
    }

    [Theory]
    [InlineData(Json, """[{"op":"replace","path":"/spec/replicas","value":2}]""")]
    [InlineData(Merge, """{"spec":{"replicas":2}}""")]
    public async Task Every_kind_of_patch_reaches_the_scale(string type, string patch)
    {
        (await _admin.Post($"{Apps}/statefulsets", StatefulSet("s"))).Expect(201);
        Assert.Equal("2", (await _admin.Patch($"{Apps}/statefulsets/s/scale", type, patch)).Expect(200).Text("spec.replicas"));
        (await _admin.Patch($"{Apps}/statefulsets/none/scale", type, patch)).Refused(404, "NotFound");
        Assert.Equal("2", (await _admin.Get($"{Apps}/statefulsets/s")).Expect(200).Text("spec.replicas"));
    }

    [Theory]
    [InlineData(Json, """[{"op":"replace","path":"/data/key","value":"9"}]""")]
    [InlineData(Merge, """{"data":{"key":"9"}}""")]
    [InlineData(Strategic, """{"data":{"key":"9"}}""")]
    [InlineData("apply-patch+yaml", """{"apiVersion":"v1","kind":"ConfigMap","data":{"key":"9"}}""")]
    public async Task A_patch_may_be_tried_dry(string type, string patch)
    {
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        var tried = (await _admin.Patch($"{Core}/configmaps/a?dryRun=All{(type == "apply-patch+yaml" ? "&fieldManager=m&force=true" : "")}", type, patch)).Expect(200);
        Assert.Equal("9", tried.Text("data.key"));
        Assert.Equal("1", (await _admin.Get($"{Core}/configmaps/a")).Expect(200).Text("data.key"));
        (await _admin.Patch($"{Core}/configmaps/a?dryRun=Some", Merge, "{}")).Refused(422, "Invalid");
    }

    private Task<Answer> PatchPodOf(string deployment, string spec) =>
        _admin.Patch($"{Apps}/deployments/{deployment}", Strategic, $$$$"""{"spec":{"template":{"spec":{{{{spec}}}}}}}""");

    private static IEnumerable<JsonNode> Containers(Answer workload) => workload["spec.template.spec.containers"]!.AsArray().Select(container => container!);

    private static JsonObject StatefulSet(string name)
    {
        var set = Deployment(name);
        set["spec"]!["serviceName"] = name;
        return set;
    }

    private static string Sorted(JsonNode? members) =>
        new JsonObject(members!.AsObject().OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))).ToJsonString();
}
