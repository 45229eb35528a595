using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

public abstract partial class ConformanceSuite
{
    [Fact]
    public async Task Applying_makes_what_is_absent_and_owns_what_it_states()
    {
        var made = (await Apply("one", "{a: '1', b: '2'}")).Expect(201);
        Assert.Equal("2", made.Text("data.b"));
        var entry = Assert.Single(made["metadata.managedFields"]!.AsArray())!;
        Assert.Equal("one", entry["manager"]!.ToString());
        Assert.Equal("Apply", entry["operation"]!.ToString());
        Assert.Equal("v1", entry["apiVersion"]!.ToString());
        Assert.Equal("""{"f:a":{},"f:b":{}}""", Owned(entry));
        var version = made.Text("metadata.resourceVersion");
        Assert.Equal(version, (await Apply("one", "{a: '1', b: '2'}")).Expect(200).Text("metadata.resourceVersion"));
    }

    [Fact]
    public async Task What_is_no_longer_applied_is_removed()
    {
        (await Apply("one", "{a: '1', b: '2'}")).Expect(201);
        // Fields of another manager stay.
        (await _admin.Patch($"{Core}/configmaps/a", Merge, """{"data":{"c":"3"}}""")).Expect(200);
        Assert.Equal("""{"a":"1","c":"3"}""", Sorted((await Apply("one", "{a: '1'}")).Expect(200)["data"]));
    }

    [Fact]
    public async Task A_field_of_two_managers_stays_when_one_lets_go()
    {
        (await Apply("one", "{a: '1', b: '2'}")).Expect(201);
        var shared = (await Apply("two", "{b: '2'}")).Expect(200);
        Assert.Equal(["one", "two"], shared["metadata.managedFields"]!.AsArray().Select(entry => entry!["manager"]!.ToString()).Order());
        Assert.Equal("""{"a":"1","b":"2"}""", Sorted((await Apply("one", "{a: '1'}")).Expect(200)["data"]));
        Assert.Equal("""{"a":"1"}""", Sorted((await Apply("two", "{}")).Expect(200)["data"]));
    }

    [Fact]
    public async Task Applying_over_another_managers_value_is_a_conflict_unless_forced()
    {
        (await Apply("one", "{a: '1', b: '2'}")).Expect(201);
        var refused = (await Apply("two", "{b: '3'}")).Refused(409, "Conflict");
        Assert.Equal("FieldManagerConflict", refused.Text("details.causes.0.reason"));
        Assert.Equal(".data.b", refused.Text("details.causes.0.field"));
        Assert.Contains("conflict with \"one\"", refused.Text("details.causes.0.message"), StringComparison.Ordinal);
        var forced = (await Apply("two", "{b: '3'}", "&force=true")).Expect(200);
        Assert.Equal("3", forced.Text("data.b"));
        var owners = forced["metadata.managedFields"]!.AsArray().ToDictionary(entry => entry!["manager"]!.ToString(), entry => Owned(entry!));
        Assert.Equal("""{"f:a":{}}""", owners["one"]);
        Assert.Equal("""{"f:b":{}}""", owners["two"]);
        // Who lost a field meets the conflict in turn.
        (await Apply("one", "{a: '1', b: '2'}")).Refused(409, "Conflict");
    }

    [Fact]
    public async Task A_plain_update_takes_fields_from_who_applied_them()
    {
        (await Apply("one", "{a: '1'}")).Expect(201);
        (await _admin.Patch($"{Core}/configmaps/a?fieldManager=two", Merge, """{"data":{"a":"2"}}""")).Expect(200);
        var refused = (await Apply("one", "{a: '1'}")).Refused(409, "Conflict");
        Assert.Contains("conflict with \"two\"", refused.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Containers_are_applied_by_name()
    {
        (await _admin.Post($"{Apps}/deployments", Deployment("d"))).Expect(201);
        var applied = (await ApplyDeployment("{name: side, image: 'registry.example/side:1'}")).Expect(200);
        Assert.Equal(["main", "side"], Containers(applied).Select(container => container["name"]!.ToString()).Order());
        var changed = (await ApplyDeployment("{name: side, image: 'registry.example/side:2'}")).Expect(200);
        Assert.Equal("registry.example/side:2", Containers(changed).Single(container => container["name"]!.ToString() == "side")["image"]!.ToString());
        var gone = (await ApplyDeployment("")).Expect(200);
        Assert.Equal("main", Assert.Single(Containers(gone))["name"]!.ToString());
    }

    [Fact]
    public async Task Applying_needs_a_manager_a_type_and_no_owners_of_its_own()
    {
        (await _admin.Patch($"{Core}/configmaps/a", "apply-patch+yaml", """{"apiVersion":"v1","kind":"ConfigMap"}""")).Refused(422, "Invalid");
        var claimed = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"managedFields":[{"manager":"m","operation":"Apply","apiVersion":"v1"}]}}""";
        (await _admin.Patch($"{Core}/configmaps/a?fieldManager=m", "apply-patch+yaml", claimed)).Refused(400, "BadRequest");
        (await _admin.Patch($"{Core}/configmaps/a?fieldManager=m", "apply-patch+yaml", "{a: b")).Refused(400, "BadRequest");
    }

    private Task<Answer> Apply(string manager, string data, string query = "") =>
        _admin.Patch($"{Core}/configmaps/a?fieldManager={manager}{query}", "apply-patch+yaml", $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {data}\n");

    private Task<Answer> ApplyDeployment(string container) => _admin.Patch($"{Apps}/deployments/d?fieldManager=one", "apply-patch+yaml",
        $"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{template: {{spec: {{containers: [{container}]}}}}}}\n");

    private static string Owned(JsonNode entry)
    {
        var data = entry["fieldsV1"]!["f:data"]!.AsObject().Where(field => field.Key != ".").OrderBy(field => field.Key, StringComparer.Ordinal);
        return new JsonObject(data.Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))).ToJsonString();
    }
}
