using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

public abstract partial class ConformanceSuite
{
    // A group of the test's own, since definitions belong to the whole cluster.
    private string Group => $"{_namespace}.example.com";

    private string Definition => $"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clusters.{Group}";

    private string Clusters => $"/apis/{Group}/v1/namespaces/{_namespace}/clusters";

    [Fact]
    public async Task A_defined_kind_is_established_and_discovered()
    {
        await Define();
        var group = (await _admin.Get($"/apis/{Group}")).Expect(200);
        Assert.Equal("APIGroup", group.Text("kind"));
        Assert.Equal($"{Group}/v1", group.Text("preferredVersion.groupVersion"));
        var resources = (await _admin.Get($"/apis/{Group}/v1")).Expect(200);
        var served = resources["resources"]!.AsArray().ToDictionary(resource => resource!["name"]!.ToString(), resource => resource!);
        Assert.Equal(["clusters", "clusters/scale", "clusters/status"], served.Keys.Order());
        Assert.Equal("Cluster", served["clusters"]["kind"]!.ToString());
        Assert.Equal("cluster", served["clusters"]["singularName"]!.ToString());
        Assert.Equal("true", served["clusters"]["namespaced"]!.ToString());
        Assert.Equal("pgc", Assert.Single(served["clusters"]["shortNames"]!.AsArray())!.ToString());
        Assert.Equal(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"], served["clusters"]["verbs"]!.AsArray().Select(verb => verb!.ToString()).Order());
        Assert.Equal("Scale", served["clusters/scale"]["kind"]!.ToString());
        var defined = (await _admin.Get(Definition)).Expect(200);
        Assert.Equal("ClusterList", defined.Text("status.acceptedNames.listKind"));
        Assert.Equal("v1", Assert.Single(defined["status.storedVersions"]!.AsArray())!.ToString());
        (await _admin.Get($"/apis/{Group}/v2/namespaces/{_namespace}/clusters")).Expect(404);
    }

    [Fact]
    public async Task Unknown_fields_are_pruned_and_defaults_filled_in()
    {
        await Define();
        var made = (await _admin.Post(Clusters, Cluster("pg", """{"instances":3,"typo":1,"replica":{"enabled":true,"also":2},"free":{"any":{"thing":1}}}"""))).Expect(201);
        Assert.Equal("""{"free":{"any":{"thing":1}},"instances":3,"logLevel":"info","replica":{"enabled":true}}""", Sorted(made["spec"]));
        Assert.Equal("Cluster", made.Text("kind"));
    }

    [Theory]
    [InlineData("""{}""", "spec.instances")]
    [InlineData("""{"instances":"three"}""", "spec.instances")]
    [InlineData("""{"instances":0}""", "spec.instances")]
    [InlineData("""{"instances":1,"logLevel":"loud"}""", "spec.logLevel")]
    [InlineData("""{"instances":1,"size":"1 GB"}""", "spec.size")]
    [InlineData("""{"instances":1,"replica":{"enabled":"yes"}}""", "spec.replica.enabled")]
    [InlineData("""{"instances":1,"imageName":""}""", "spec.imageName")]
    [InlineData("""{"instances":1,"names":["a","b","c"]}""", "spec.names")]
    [InlineData("""{"instances":1,"names":["a",2]}""", "spec.names")]
    [InlineData("""{"instances":null}""", "spec.instances")]
    public async Task What_the_schema_does_not_allow_is_invalid(string spec, string field)
    {
        await Define();
        var refused = (await _admin.Post(Clusters, Cluster("pg", spec))).Refused(422, "Invalid");
        // Versions differ in whether they name the item of a list.
        Assert.StartsWith(field, refused.Text("details.causes.0.field"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Combined_schemas_count()
    {
        await Define();
        (await _admin.Post(Clusters, Cluster("none", """{"instances":1,"either":{}}"""))).Refused(422, "Invalid");
        (await _admin.Post(Clusters, Cluster("one", """{"instances":1,"either":{"b":"x"}}"""))).Expect(201);
    }

    [Fact]
    public async Task Null_is_left_out_where_it_is_no_value()
    {
        await Define();
        var made = (await _admin.Post(Clusters, Cluster("pg", """{"instances":1,"logLevel":null,"replica":null}"""))).Expect(201);
        Assert.Equal("""{"instances":1,"logLevel":"info"}""", Sorted(made["spec"]));
    }

    [Fact]
    public async Task A_custom_status_is_written_apart_and_counts_no_generation()
    {
        await Define();
        var cluster = Cluster("pg");
        cluster["status"] = new JsonObject { ["phase"] = "made up" };
        var made = (await _admin.Post(Clusters, cluster)).Expect(201);
        Assert.Null(made["status"]);
        Assert.Equal("1", made.Text("metadata.generation"));
        var told = (await _admin.Patch($"{Clusters}/pg/status", Merge, """{"spec":{"instances":9},"status":{"phase":"Cluster in healthy state","instances":1}}""")).Expect(200);
        Assert.Equal("Cluster in healthy state", told.Text("status.phase"));
        Assert.Equal("1", told.Text("spec.instances"));
        Assert.Equal("1", told.Text("metadata.generation"));
        var wanted = (await _admin.Patch($"{Clusters}/pg", Merge, """{"spec":{"instances":2},"status":{"phase":"other"}}""")).Expect(200);
        Assert.Equal("2", wanted.Text("metadata.generation"));
        Assert.Equal("Cluster in healthy state", wanted.Text("status.phase"));
        Assert.Equal("2", (await _admin.Patch($"{Clusters}/pg", Merge, """{"metadata":{"annotations":{"a":"b"}}}""")).Expect(200).Text("metadata.generation"));
    }

    [Fact]
    public async Task Without_a_status_subresource_the_status_is_written_with_the_rest()
    {
        // Velero's kinds are declared so.
        var definition = DefinitionOfClusters();
        definition["spec"]!["versions"]![0]!.AsObject().Remove("subresources");
        await Define(definition);
        var cluster = Cluster("pg");
        cluster["status"] = new JsonObject { ["phase"] = "New" };
        Assert.Equal("New", (await _admin.Post(Clusters, cluster)).Expect(201).Text("status.phase"));
        var told = (await _admin.Patch($"{Clusters}/pg", Merge, """{"status":{"phase":"Completed"}}""")).Expect(200);
        Assert.Equal("Completed", told.Text("status.phase"));
        Assert.Equal("2", told.Text("metadata.generation"));
        (await _admin.Patch($"{Clusters}/pg/status", Merge, """{"status":{"phase":"x"}}""")).Expect(404);
        (await _admin.Get($"{Clusters}/pg/scale")).Expect(404);
    }

    [Fact]
    public async Task Every_served_version_shows_the_same_object()
    {
        var definition = DefinitionOfClusters();
        var beta = definition["spec"]!["versions"]![0]!.DeepClone();
        beta["name"] = "v1beta1";
        beta["storage"] = false;
        definition["spec"]!["versions"]!.AsArray().Add(beta);
        await Define(definition);
        (await _admin.Post(Clusters, Cluster("pg"))).Expect(201);
        var path = Clusters.Replace("/v1/", "/v1beta1/", StringComparison.Ordinal);
        var older = (await _admin.Get($"{path}/pg")).Expect(200);
        Assert.Equal($"{Group}/v1beta1", older.Text("apiVersion"));
        Assert.Equal("2", (await _admin.Patch($"{path}/pg", Merge, """{"spec":{"instances":2}}""")).Expect(200).Text("spec.instances"));
        Assert.Equal("2", (await _admin.Get($"{Clusters}/pg")).Expect(200).Text("spec.instances"));
        Assert.Equal("v1", (await _admin.Get($"/apis/{Group}")).Expect(200).Text("preferredVersion.version"));
    }

    [Fact]
    public async Task A_custom_scale_reads_and_writes_the_paths_of_the_definition()
    {
        await Define();
        (await _admin.Post(Clusters, Cluster("pg"))).Expect(201);
        (await _admin.Patch($"{Clusters}/pg/status", Merge, """{"status":{"instances":1}}""")).Expect(200);
        var scale = (await _admin.Get($"{Clusters}/pg/scale")).Expect(200);
        Assert.Equal("autoscaling/v1", scale.Text("apiVersion"));
        Assert.Equal("1", scale.Text("spec.replicas"));
        Assert.Equal("1", scale.Text("status.replicas"));
        Assert.Equal("3", (await _admin.Patch($"{Clusters}/pg/scale", Merge, """{"spec":{"replicas":3}}""")).Expect(200).Text("spec.replicas"));
        Assert.Equal("3", (await _admin.Get($"{Clusters}/pg")).Expect(200).Text("spec.instances"));
    }

    [Fact]
    public async Task Custom_resources_take_every_patch_but_the_strategic_one()
    {
        await Define();
        (await _admin.Post(Clusters, Cluster("pg", """{"instances":1,"replica":{"enabled":true,"source":"a"}}"""))).Expect(201);
        Assert.Null((await _admin.Patch($"{Clusters}/pg", Merge, """{"spec":{"replica":{"source":null}}}""")).Expect(200)["spec.replica.source"]);
        Assert.Equal("2", (await _admin.Patch($"{Clusters}/pg", Json, """[{"op":"replace","path":"/spec/instances","value":2}]""")).Expect(200).Text("spec.instances"));
        (await _admin.Patch($"{Clusters}/pg", Strategic, """{"spec":{"instances":3}}""")).Refused(415, "UnsupportedMediaType");
        (await _admin.Patch($"{Clusters}/pg", Merge, """{"spec":{"instances":"x"}}""")).Refused(422, "Invalid");
        var conflict = (await ApplyCluster("pg", "{instances: 5}")).Refused(409, "Conflict");
        Assert.Equal(".spec.instances", conflict.Text("details.causes.0.field"));
        Assert.Equal("5", (await ApplyCluster("pg", "{instances: 5}", "&force=true")).Expect(200).Text("spec.instances"));
        (await ApplyCluster("other", "{instances: 1, logLevel: debug}")).Expect(201);
        // What is no longer applied falls back to its default.
        Assert.Equal("info", (await ApplyCluster("other", "{instances: 1}")).Expect(200).Text("spec.logLevel"));
    }

    [Fact]
    public async Task A_custom_resource_is_replaced_only_by_who_names_its_version()
    {
        await Define();
        var made = (await _admin.Post(Clusters, Cluster("pg"))).Expect(201);
        (await _admin.Put($"{Clusters}/pg", Cluster("pg", """{"instances":2}"""))).Refused(422, "Invalid");
        made.Body["spec"]!["instances"] = 2;
        Assert.Equal("2", (await _admin.Put($"{Clusters}/pg", made.Body)).Expect(200).Text("spec.instances"));
        (await _admin.Put($"{Clusters}/pg", made.Body)).Refused(409, "Conflict");
    }

    [Fact]
    public async Task Custom_resources_are_printed_with_the_columns_of_their_definition()
    {
        await Define();
        (await _admin.Post(Clusters, Cluster("pg"))).Expect(201);
        (await _admin.Patch($"{Clusters}/pg/status", Merge, """{"status":{"phase":"Cluster in healthy state"}}""")).Expect(200);
        var table = (await _admin.Get(Clusters, "application/json;as=Table;v=v1;g=meta.k8s.io")).Expect(200);
        Assert.Equal(["Name", "Instances", "Status", "Image"], Columns(table));
        Assert.Equal("1", table.Text("columnDefinitions.3.priority"));
        Assert.Equal(["pg", "1", "Cluster in healthy state", ""], Cells(table));
        await Redefine(columns: null);
        await Until(async () => Columns((await _admin.Get(Clusters, "application/json;as=Table;v=v1;g=meta.k8s.io")).Expect(200)).SequenceEqual(["Name", "Age"]));
    }

    [Fact]
    public async Task A_watch_tells_of_custom_resources()
    {
        await Define();
        var version = (await _admin.Get(Clusters)).Expect(200).Text("metadata.resourceVersion");
        var events = await _admin.Watch($"{Clusters}?watch=1&resourceVersion={version}", 2, async () =>
        {
            (await _admin.Post(Clusters, Cluster("pg"))).Expect(201);
            (await _admin.Patch($"{Clusters}/pg/status", Merge, """{"status":{"phase":"x"}}""")).Expect(200);
        });
        Assert.Equal(["ADDED pg", "MODIFIED pg"], events.Select(Told));
    }

    [Fact]
    public async Task A_watch_from_before_all_that_is_remembered_is_told_so()
    {
        await Define();
        // The lab's endpoint under test remembers few changes; a real server knows of a kind only what came after its definition.
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        for (var i = 0; i < 110; i++)
        {
            (await _admin.Put($"{Core}/configmaps/a", ConfigMap("a", $"other {i}"))).Expect(200);
        }
        var told = Assert.Single(await _admin.Watch($"{Clusters}?watch=1&resourceVersion=1"));
        Assert.Equal("ERROR", told["type"]!.ToString());
        Assert.Equal("Status", told["object"]!["kind"]!.ToString());
        Assert.Equal("410", told["object"]!["code"]!.ToString());
        Assert.Equal("Expired", told["object"]!["reason"]!.ToString());
    }

    [Fact]
    public async Task A_definition_takes_its_objects_along()
    {
        await Define();
        (await _admin.Post(Clusters, Cluster("pg"))).Expect(201);
        (await _admin.Delete(Definition)).Expect(200);
        await Gone(Definition);
        await Gone(Clusters);
        await Define();
        Assert.Empty(Names((await _admin.Get(Clusters)).Expect(200)));
    }

    [Fact]
    public async Task A_definition_without_its_proper_name_or_a_schema_is_invalid()
    {
        var misnamed = DefinitionOfClusters();
        misnamed["metadata"]!["name"] = "others.example.com";
        (await _admin.Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", misnamed)).Refused(422, "Invalid");
        var shapeless = DefinitionOfClusters();
        shapeless["spec"]!["versions"]![0]!.AsObject().Remove("schema");
        (await _admin.Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", shapeless)).Refused(422, "Invalid");
    }

    private Task<Answer> ApplyCluster(string name, string spec, string query = "") => _admin.Patch($"{Clusters}/{name}?fieldManager=m{query}", "apply-patch+yaml",
        $"apiVersion: {Group}/v1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec: {spec}\n");

    private async Task Define(JsonObject? definition = null)
    {
        (await _admin.Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition ?? DefinitionOfClusters())).Expect(201);
        await Until(async () => (await _admin.Get(Definition)).Expect(200)["status.conditions"] is JsonArray conditions
            && conditions.Any(condition => condition!["type"]!.ToString() == "Established" && condition["status"]!.ToString() == "True"));
        await Until(async () => (int)(await _admin.Get(Clusters)).Code == 200);
    }

    private async Task Redefine(JsonNode? columns)
    {
        var patch = new JsonArray(new JsonObject { ["op"] = "replace", ["path"] = "/spec/versions/0/additionalPrinterColumns", ["value"] = columns });
        (await _admin.Patch(Definition, Json, patch.ToJsonString())).Expect(200);
    }

    private JsonObject Cluster(string name, string spec = """{"instances":1}""") => new()
    {
        ["apiVersion"] = $"{Group}/v1", ["kind"] = "Cluster", ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = JsonNode.Parse(spec),
    };

    // The shape of CloudNativePG's Cluster, as far as it goes.
    private JsonObject DefinitionOfClusters() => JsonNode.Parse($$$$"""
        {
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
          "metadata": {"name": "clusters.{{{{Group}}}}"},
          "spec": {
            "group": "{{{{Group}}}}", "scope": "Namespaced",
            "names": {"plural": "clusters", "kind": "Cluster", "shortNames": ["pgc"]},
            "versions": [{
              "name": "v1", "served": true, "storage": true,
              "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.instances", "statusReplicasPath": ".status.instances"}},
              "additionalPrinterColumns": [
                {"name": "Instances", "type": "integer", "jsonPath": ".spec.instances"},
                {"name": "Status", "type": "string", "jsonPath": ".status.phase"},
                {"name": "Image", "type": "string", "jsonPath": ".spec.imageName", "priority": 1}
              ],
              "schema": {"openAPIV3Schema": {
                "type": "object", "required": ["spec"],
                "properties": {
                  "spec": {
                    "type": "object", "required": ["instances"],
                    "properties": {
                      "instances": {"type": "integer", "minimum": 1},
                      "imageName": {"type": "string", "minLength": 1},
                      "names": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
                      "either": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
                      "logLevel": {"type": "string", "enum": ["info", "debug"], "default": "info"},
                      "size": {"type": "string", "pattern": "^[0-9]+Gi$"},
                      "replica": {"type": "object", "properties": {"enabled": {"type": "boolean"}, "source": {"type": "string"}}},
                      "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}
                    }
                  },
                  "status": {"type": "object", "properties": {"phase": {"type": "string"}, "instances": {"type": "integer"}}}
                }
              }}
            }]
          }
        }
        """)!.AsObject();
}
