using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

public abstract partial class ConformanceSuite
{
    [Theory]
    [InlineData("")]
    [InlineData("&resourceVersion=0")]
    public async Task A_watch_without_a_past_begins_with_what_is_there(string query)
    {
        await MakeLeases("a", "b");
        // Version 0 may show a state from before the second lease.
        var events = await _admin.Watch($"{Leases}?watch=true{query}", 3, () => MakeLeases("c"));
        Assert.Equal(["ADDED a", "ADDED b", "ADDED c"], events.Select(Told).Order());
        Assert.Equal("Lease", events[0]["object"]!["kind"]!.ToString());
    }

    [Fact]
    public async Task A_watch_from_a_list_misses_nothing()
    {
        await MakeLeases("before");
        var version = await VersionNow();
        await MakeLeases("a");
        (await _admin.Patch($"{Leases}/a", "merge-patch+json", """{"spec":{"holderIdentity":"me"}}""")).Expect(200);
        var last = (await _admin.Get($"{Leases}/a")).Expect(200).Text("metadata.resourceVersion");
        (await _admin.Delete($"{Leases}/a")).Expect(200);
        var events = await _admin.Watch($"{Leases}?watch=1&resourceVersion={version}", 4, () => MakeLeases("after"));
        Assert.Equal(["ADDED a", "MODIFIED a", "DELETED a", "ADDED after"], events.Select(Told));
        // A deletion tells the last state, and a version of its own to go on from.
        Assert.Equal("me", events[2]["object"]!["spec"]!["holderIdentity"]!.ToString());
        Assert.True(Version(events[2]["object"]!["metadata"]!["resourceVersion"]!.ToString()) > Version(last));
    }

    [Fact]
    public async Task An_object_comes_into_a_selection_and_leaves_it()
    {
        var version = await VersionNow();
        await MakeLabelled("a", "y");
        (await Label("a", "x")).Expect(200);
        var left = (await Label("a", "y")).Expect(200).Text("metadata.resourceVersion");
        (await _admin.Delete($"{Leases}/a")).Expect(200);
        await MakeLabelled("b", "x");
        var events = await _admin.Watch($"{Leases}?watch=1&resourceVersion={version}&labelSelector=app%3Dx", 3);
        Assert.Equal(["ADDED a", "DELETED a", "ADDED b"], events.Select(Told));
        // What has left is told as it was while it belonged to the selection.
        Assert.Equal("x", events[1]["object"]!["metadata"]!["labels"]!["app"]!.ToString());
        Assert.Equal(left, events[1]["object"]!["metadata"]!["resourceVersion"]!.ToString());
    }

    [Fact]
    public async Task A_watch_of_one_name_tells_of_no_other()
    {
        var version = await VersionNow();
        await MakeLeases("other", "a");
        (await _admin.Delete($"{Leases}/a")).Expect(200);
        Assert.Equal(["ADDED a", "DELETED a"], (await _admin.Watch($"{Leases}?watch=1&resourceVersion={version}&fieldSelector=metadata.name=a", 2)).Select(Told));
    }

    [Fact]
    public async Task A_watch_ends_when_its_time_is_up_and_bookmarks_nothing_unasked()
    {
        await MakeLeases("a");
        Assert.Equal(["ADDED a"], (await _admin.Watch($"{Leases}?watch=1&timeoutSeconds=1")).Select(Told));
    }

    [Fact]
    public async Task A_bookmark_tells_how_far_a_watch_has_come()
    {
        var version = await VersionNow();
        var made = "";
        // The real server sends one two seconds before the watch's end.
        var events = await _admin.Watch($"{Leases}?watch=1&resourceVersion={version}&allowWatchBookmarks=true&timeoutSeconds=6", meanwhile: async () =>
            made = (await MakeLabelled("a", "x")).Text("metadata.resourceVersion"));
        Assert.Equal("ADDED a", Assert.Single(events.Select(Told), told => told.StartsWith("ADDED", StringComparison.Ordinal)));
        var bookmark = events[^1];
        Assert.Equal("BOOKMARK", bookmark["type"]!.ToString());
        Assert.Equal("Lease", bookmark["object"]!["kind"]!.ToString());
        Assert.True(Version(bookmark["object"]!["metadata"]!["resourceVersion"]!.ToString()) >= Version(made));
        Assert.Null(bookmark["object"]!["metadata"]!["name"]);
    }

    [Fact]
    public async Task A_watch_of_one_who_prints_tells_tables()
    {
        await MakeLeases("a");
        var events = await _admin.Watch($"{Leases}?watch=1", 2, () => MakeLeases("b"), "application/json;as=Table;v=v1;g=meta.k8s.io");
        Assert.Equal(["Table", "Table"], events.Select(told => told["object"]!["kind"]!.ToString()));
        Assert.Equal("a", events[0]["object"]!["rows"]![0]!["cells"]![0]!.ToString());
        // The headings come once.
        Assert.NotEmpty(events[0]["object"]!["columnDefinitions"]!.AsArray());
        Assert.Null(events[1]["object"]!["columnDefinitions"]);
    }

    private async Task<string> VersionNow() => (await _admin.Get(Leases)).Expect(200).Text("metadata.resourceVersion");

    private Task<Answer> Label(string name, string app) =>
        _admin.Patch($"{Leases}/{name}", "merge-patch+json", $$$$"""{"metadata":{"labels":{"app":"{{{{app}}}}"}}}""");

    private static string Told(JsonNode told) => $"{told["type"]} {told["object"]!["metadata"]!["name"]}";
}
