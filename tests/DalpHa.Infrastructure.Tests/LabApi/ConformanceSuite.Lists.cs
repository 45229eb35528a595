using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

public abstract partial class ConformanceSuite
{
    // Leases, since no controller puts one of its own into a new namespace.
    private string Leases => $"/apis/coordination.k8s.io/v1/namespaces/{_namespace}/leases";

    [Fact]
    public async Task A_limited_list_comes_in_pages()
    {
        await MakeLeases("a", "b", "c", "d", "e");
        var first = (await _admin.Get($"{Leases}?limit=2")).Expect(200);
        Assert.Equal("LeaseList", first.Text("kind"));
        Assert.Equal("coordination.k8s.io/v1", first.Text("apiVersion"));
        Assert.Equal(["a", "b"], Names(first));
        Assert.Equal("3", first.Text("metadata.remainingItemCount"));
        var second = await NextPage(first, 2);
        Assert.Equal(["c", "d"], Names(second));
        Assert.Equal("1", second.Text("metadata.remainingItemCount"));
        var last = await NextPage(second, 2);
        Assert.Equal(["e"], Names(last));
        Assert.Null(last["metadata.continue"]);
        Assert.Null(last["metadata.remainingItemCount"]);
    }

    [Fact]
    public async Task All_pages_show_the_state_of_the_first()
    {
        await MakeLeases("a", "c", "d");
        var first = (await _admin.Get($"{Leases}?limit=1")).Expect(200);
        await MakeLeases("b");
        (await _admin.Delete($"{Leases}/d")).Expect(200);
        var rest = await NextPage(first, 10);
        Assert.Equal(["c", "d"], Names(rest));
        Assert.Equal(first.Text("metadata.resourceVersion"), rest.Text("metadata.resourceVersion"));
        Assert.Equal(["a", "b", "c"], Names((await _admin.Get(Leases)).Expect(200)));
    }

    [Fact]
    public async Task A_limit_counts_what_a_selector_chose()
    {
        foreach (var (name, label) in new[] { ("a", "x"), ("b", "y"), ("c", "x"), ("d", "y"), ("e", "x") })
        {
            await MakeLabelled(name, label);
        }
        var first = (await _admin.Get($"{Leases}?limit=2&labelSelector=app%3Dx")).Expect(200);
        Assert.Equal(["a", "c"], Names(first));
        Assert.Null(first["metadata.remainingItemCount"]);
        Assert.Equal(["e"], Names(await NextPage(first, 2, "&labelSelector=app%3Dx")));
    }

    [Fact]
    public async Task A_continue_token_of_somebody_else_is_a_bad_request()
    {
        await MakeLeases("a", "b");
        (await _admin.Get($"{Leases}?limit=1&continue=nonsense")).Refused(400, "BadRequest");
        var first = (await _admin.Get($"{Leases}?limit=1")).Expect(200);
        var token = Uri.EscapeDataString(first.Text("metadata.continue"));
        (await _admin.Get($"{Leases}?limit=1&continue={token}&resourceVersion={first.Text("metadata.resourceVersion")}")).Refused(400, "BadRequest");
    }

    [Theory]
    [InlineData("app=x", "a,b")]
    [InlineData("app==x,tier=1", "a")]
    [InlineData("app!=x", "c,d")]
    [InlineData("app in (x,y)", "a,b,c")]
    [InlineData("app notin (x)", "c,d")]
    [InlineData("app", "a,b,c")]
    [InlineData("!app", "d")]
    [InlineData("tier>1", "b")]
    [InlineData("tier<2", "a")]
    [InlineData("app=none", "")]
    public async Task Labels_select(string selector, string names)
    {
        await MakeLabelled("a", "x", "1");
        await MakeLabelled("b", "x", "2");
        await MakeLabelled("c", "y");
        await MakeLeases("d");
        Assert.Equal(names, string.Join(',', Names((await _admin.Get($"{Leases}?labelSelector={Uri.EscapeDataString(selector)}")).Expect(200))));
    }

    [Theory]
    [InlineData("labelSelector=app in x")]
    [InlineData("labelSelector=app==x==y")]
    [InlineData("fieldSelector=spec.holderIdentity=me")]
    [InlineData("fieldSelector=metadata.name")]
    public async Task A_selector_that_is_not_understood_is_a_bad_request(string query)
    {
        (await _admin.Get($"{Leases}?{query.Replace(" ", "%20", StringComparison.Ordinal)}")).Refused(400, "BadRequest");
    }

    [Fact]
    public async Task Fields_select()
    {
        await MakeLeases("a", "b", "c");
        Assert.Equal(["b"], Names((await _admin.Get($"{Leases}?fieldSelector=metadata.name=b")).Expect(200)));
        Assert.Equal(["a", "c"], Names((await _admin.Get($"{Leases}?fieldSelector=metadata.name!=b")).Expect(200)));
        Assert.Equal(["a", "b", "c"], Names((await _admin.Get($"/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.namespace={_namespace}")).Expect(200)));
        (await _admin.Post($"{Core}/pods", Pod("waiting"))).Expect(201);
        (await _admin.Post($"{Core}/pods", Pod("placed", "node-1"))).Expect(201);
        Assert.Equal(["placed"], Names((await _admin.Get($"{Core}/pods?fieldSelector=spec.nodeName=node-1,status.phase=Pending")).Expect(200)));
        Assert.Empty(Names((await _admin.Get($"{Core}/pods?fieldSelector=status.phase=Running")).Expect(200)));
    }

    [Fact]
    public async Task A_list_may_ask_for_the_state_at_a_version()
    {
        await MakeLeases("a");
        var version = (await _admin.Get(Leases)).Expect(200).Text("metadata.resourceVersion");
        await MakeLeases("b");
        (await _admin.Delete($"{Leases}/a")).Expect(200);
        var then = (await _admin.Get($"{Leases}?resourceVersion={version}&resourceVersionMatch=Exact&limit=10")).Expect(200);
        Assert.Equal(["a"], Names(then));
        Assert.Equal(version, then.Text("metadata.resourceVersion"));
        var notOlder = (await _admin.Get($"{Leases}?resourceVersion={version}&resourceVersionMatch=NotOlderThan")).Expect(200);
        Assert.True(Version(notOlder.Text("metadata.resourceVersion")) >= Version(version));
        Assert.Equal(["b"], Names((await _admin.Get(Leases)).Expect(200)));
    }

    [Fact]
    public async Task A_limit_is_a_number() => (await _admin.Get($"{Leases}?limit=many")).Refused(400, "BadRequest");

    [Fact]
    public async Task Any_version_is_good_enough_for_a_list_at_0()
    {
        await MakeLeases("a");
        await Until(async () => Names((await _admin.Get($"{Leases}?resourceVersion=0")).Expect(200)).SequenceEqual(["a"]));
    }

    [Fact]
    public async Task A_version_that_is_yet_to_come_times_out()
    {
        var refused = (await _admin.Get($"{Leases}?resourceVersion=9000000000000")).Refused(504, "Timeout");
        Assert.StartsWith("Timeout: Too large resource version", refused.Text("message"), StringComparison.Ordinal);
        Assert.Equal("ResourceVersionTooLarge", refused.Text("details.causes.0.reason"));
    }

    [Theory]
    [InlineData("resourceVersionMatch=Exact")]
    [InlineData("resourceVersionMatch=Exact&resourceVersion=0")]
    [InlineData("resourceVersionMatch=Nearly&resourceVersion=1")]
    public async Task A_version_match_needs_its_version(string query) => (await _admin.Get($"{Leases}?{query}")).Refused(422, "Invalid");

    [Fact]
    public async Task A_list_is_a_table_for_who_prints_it()
    {
        const string table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
        (await _admin.Post($"{Core}/pods", Pod("p"))).Expect(201);
        var printed = (await _admin.Get($"{Core}/pods?limit=500", table)).Expect(200);
        Assert.Equal("Table", printed.Text("kind"));
        Assert.Equal("meta.k8s.io/v1", printed.Text("apiVersion"));
        Assert.NotEmpty(printed.Text("metadata.resourceVersion"));
        Assert.Equal(["Name", "Ready", "Status", "Restarts", "Age"], Columns(printed).Take(5));
        Assert.Equal("name", printed.Text("columnDefinitions.0.format"));
        Assert.Equal(["p", "0/1", "Pending", "0"], Cells(printed).Take(4));
        Assert.Equal("PartialObjectMetadata", printed.Text("rows.0.object.kind"));
        Assert.Equal("p", printed.Text("rows.0.object.metadata.name"));
        Assert.Null((await _admin.Get($"{Core}/pods?includeObject=None", table)).Expect(200)["rows.0.object"]);
        Assert.Equal("Pod", (await _admin.Get($"{Core}/pods/p?includeObject=Object", table)).Expect(200).Text("rows.0.object.kind"));
        (await _admin.Post($"{Apps}/deployments", Deployment("d"))).Expect(201);
        var deployments = (await _admin.Get($"{Apps}/deployments", table)).Expect(200);
        Assert.Equal(["Name", "Ready", "Up-to-date", "Available", "Age"], Columns(deployments).Take(5));
        Assert.Equal(["d", "0/0", "0", "0"], Cells(deployments).Take(4));
    }

    [Fact]
    public async Task Metadata_alone_can_be_read()
    {
        (await _admin.Post($"{Core}/configmaps", ConfigMap("a"))).Expect(201);
        var list = (await _admin.Get($"{Core}/configmaps?fieldSelector=metadata.name=a", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")).Expect(200);
        Assert.Equal("PartialObjectMetadataList", list.Text("kind"));
        Assert.Equal("a", list.Text("items.0.metadata.name"));
        Assert.Null(list["items.0.data"]);
        var one = (await _admin.Get($"{Core}/configmaps/a", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")).Expect(200);
        Assert.Equal("PartialObjectMetadata", one.Text("kind"));
        Assert.Null(one["data"]);
    }

    [Fact]
    public async Task A_form_that_the_server_does_not_speak_is_not_acceptable() =>
        (await _admin.Get(Leases, "application/xml")).Refused(406, "NotAcceptable");

    private async Task MakeLeases(params string[] names)
    {
        foreach (var name in names)
        {
            (await _admin.Post(Leases, Named(name))).Expect(201);
        }
    }

    private async Task<Answer> MakeLabelled(string name, string app, string? tier = null)
    {
        var lease = Named(name);
        lease["metadata"]!["labels"] = tier is null ? new JsonObject { ["app"] = app } : new JsonObject { ["app"] = app, ["tier"] = tier };
        return (await _admin.Post(Leases, lease)).Expect(201);
    }

    private async Task<Answer> NextPage(Answer page, int limit, string selector = "") =>
        (await _admin.Get($"{Leases}?limit={limit}&continue={Uri.EscapeDataString(page.Text("metadata.continue"))}{selector}")).Expect(200);

    private static IEnumerable<string> Names(Answer list) => list["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.ToString());

    private static IEnumerable<string> Columns(Answer table) => table["columnDefinitions"]!.AsArray().Select(column => column!["name"]!.ToString());

    private static IEnumerable<string> Cells(Answer table) => table["rows.0.cells"]!.AsArray().Select(cell => cell?.ToString() ?? "");

    private static ulong Version(string text) => ulong.Parse(text, null);
}
