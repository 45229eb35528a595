using System.Net.Http.Headers;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Infrastructure.Kubernetes;
using DalpHa.Lab.Api;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>Writes that the server did, or did not do, and whose answers never came.</summary>
public sealed class LostAnswerTests : IAsyncLifetime
{
    private const string Ns = "default";
    private const string Clusters = $"apis/postgresql.cnpg.io/v1/namespaces/{Ns}/clusters";

    private readonly HttpClient direct = new(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true });
    private readonly List<string> writes = [];
    private ApiServer api = null!;
    private HostileServer proxy = null!;
    private ICluster cluster = null!;
    private Func<HttpContext, Task<Fate>> fate = _ => Task.FromResult(Fate.Answered);

    private enum Fate
    {
        /// <summary>It is passed on and answered.</summary>
        Answered,
        /// <summary>It is done, and the connection breaks before the answer.</summary>
        DoneAndLost,
        /// <summary>The connection breaks before it reaches the server.</summary>
        NeverDone,
        /// <summary>It is done, and the answer is a proxy's 502.</summary>
        DoneAndBadGateway,
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IClusterControl Control => new Infrastructure().OpenClusterControl(cluster);

    public async ValueTask InitializeAsync()
    {
        api = await ApiServer.StartAsync(new ApiServerOptions { Name = "lost", Users = new Dictionary<string, ApiUser> { ["canary-token"] = new("admin", ["system:masters"]) } }, Token);
        proxy = await HostileServer.StartAsync(ServeAsync);
        cluster = proxy.Open(seconds: 10);
        await SendAsync(HttpMethod.Post, $"apis/apps/v1/namespaces/{Ns}/deployments", """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"dapi"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"dapi"}},
             "template":{"metadata":{"labels":{"app":"dapi"}},"spec":{"containers":[{"name":"c","image":"c:1"}]}}}}
            """);
        await SendAsync(HttpMethod.Post, "apis/apiextensions.k8s.io/v1/customresourcedefinitions", CustomResources.CloudNativePg);
        await SendAsync(HttpMethod.Post, Clusters, """{"apiVersion":"postgresql.cnpg.io/v1","kind":"Cluster","metadata":{"name":"east"},"spec":{"instances":3,"replica":{"primary":"west","source":"west"}}}""");
    }

    public async ValueTask DisposeAsync()
    {
        await cluster.DisposeAsync();
        await proxy.DisposeAsync();
        await api.DisposeAsync();
        direct.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_scale_that_was_done_is_done_once_more_and_stands(bool badGateway)
    {
        Lose("PATCH", badGateway ? Fate.DoneAndBadGateway : Fate.DoneAndLost);
        await Control.ScaleAsync(Ns, WorkloadKind.Deployment, "dapi", 0, 2, Token);
        Assert.Equal(["PATCH", "PATCH"], writes);
        var dapi = Assert.Single(await cluster.ListWorkloadsAsync(Ns, Token));
        Assert.Equal((0, 2), (dapi.Desired, dapi.RememberedReplicas));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_note_that_was_made_or_replaced_is_known_as_ours(bool badGateway)
    {
        var lost = badGateway ? Fate.DoneAndBadGateway : Fate.DoneAndLost;
        Lose("POST", lost);
        var made = await Control.WriteNoteAsync(Ns, Note("a", null), Token);
        Assert.Equal(["POST", "POST"], writes);
        Assert.Equal(made.Version, (await Control.FindNoteAsync(Ns, "note", Token))!.Version);
        Lose("PUT", lost);
        var replaced = await Control.WriteNoteAsync(Ns, Note("b", made.Version), Token);
        Assert.Equal(["POST", "POST", "PUT", "PUT"], writes);
        Assert.NotEqual(made.Version, replaced.Version);
        Assert.Equal(("b", replaced.Version), ((await Control.FindNoteAsync(Ns, "note", Token))!.Entries["1"], (await Control.FindNoteAsync(Ns, "note", Token))!.Version));
    }

    [Fact]
    public async Task A_note_that_never_arrived_is_not_taken_for_another_writers()
    {
        // Between the attempt that vanished and the next one somebody else makes it.
        fate = async context =>
        {
            if (context.Request.Method != "POST" || writes.Count > 1)
            {
                return Fate.Answered;
            }
            await SendAsync(HttpMethod.Post, $"api/v1/namespaces/{Ns}/configmaps", """
                {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"note","labels":{"app.kubernetes.io/managed-by":"dalpha"}},"data":{"1":"another's"}}
                """);
            return Fate.NeverDone;
        };
        var conflict = await Assert.ThrowsAsync<DalpException>(() => Control.WriteNoteAsync(Ns, Note("ours", null), Token));
        Assert.Equal("ApiConflict", conflict.ErrorId);
        Assert.Equal("another's", (await Control.FindNoteAsync(Ns, "note", Token))!.Entries["1"]);
    }

    [Fact]
    public async Task A_lease_that_was_taken_or_renewed_is_known_as_ours()
    {
        var now = new DateTimeOffset(2026, 11, 25, 21, 0, 0, TimeSpan.Zero);
        var lease = new ClusterLease("lease", "me", TimeSpan.FromSeconds(60), now, now, 1, null);
        Lose("POST", Fate.DoneAndLost);
        var taken = await Control.WriteLeaseAsync(Ns, lease, Token);
        Lose("PUT", Fate.DoneAndLost);
        var renewed = await Control.WriteLeaseAsync(Ns, taken with { RenewedAt = now.AddSeconds(15) }, Token);
        Assert.Equal(["POST", "POST", "PUT", "PUT"], writes);
        Assert.Equal(renewed, await Control.FindLeaseAsync(Ns, "lease", Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_promotion_of_a_CloudNativePg_cluster_is_looked_for_and_happens_once(bool badGateway)
    {
        var postgres = new Infrastructure().OpenCloudNativePg(cluster);
        var east = (await postgres.FindAsync(Ns, "east", Token))!;
        Lose("PATCH", badGateway ? Fate.DoneAndBadGateway : Fate.DoneAndLost);
        var promoted = await postgres.PromoteAsync(east, "token", Token);
        Assert.Equal(["PATCH", "PATCH"], writes);
        Assert.True(promoted is { IsReplica: false, PromotionToken: "token" });
        var generation = await SendAsync(HttpMethod.Get, $"{Clusters}/east", null);
        Assert.Contains("\"generation\":2", generation.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_promotion_that_somebody_elses_change_has_overtaken_is_refused()
    {
        var postgres = new Infrastructure().OpenCloudNativePg(cluster);
        var east = (await postgres.FindAsync(Ns, "east", Token))!;
        await SendAsync(HttpMethod.Patch, $"{Clusters}/east", """{"spec":{"replica":{"minApplyDelay":"1h"}}}""");
        Lose("PATCH", Fate.NeverDone);
        var conflict = await Assert.ThrowsAsync<DalpException>(() => postgres.PromoteAsync(east, "token", Token));
        Assert.Equal("ApiConflict", conflict.ErrorId);
        Assert.True(await postgres.FindAsync(Ns, "east", Token) is { IsReplica: true, PromotionToken: null });
    }

    [Fact]
    public async Task A_write_whose_answers_are_all_lost_ends_in_time_and_does_not_say_that_it_failed_to_be_done()
    {
        await cluster.DisposeAsync();
        cluster = proxy.Open(seconds: 1.5);
        fate = context => Task.FromResult(context.Request.Method == "PATCH" ? Fate.DoneAndLost : Fate.Answered);
        var failure = await Assert.ThrowsAsync<DalpException>(() => Control.ScaleAsync(Ns, WorkloadKind.Deployment, "dapi", 0, 2, Token));
        Assert.Equal(FaultKind.Unreachable, failure.Kind);
        Assert.Equal(0, Assert.Single(await cluster.ListWorkloadsAsync(Ns, Token)).Desired);
    }

    private static ClusterNote Note(string text, string? version) => new("note", new Dictionary<string, string>(), new Dictionary<string, string> { ["1"] = text }, version);

    // The first write of a method meets its fate; what comes after it is answered.
    private void Lose(string method, Fate how)
    {
        var isMet = false;
        fate = context =>
        {
            var meets = !isMet && context.Request.Method == method;
            isMet |= meets;
            return Task.FromResult(meets ? how : Fate.Answered);
        };
    }

    private async Task ServeAsync(HttpContext context, int number)
    {
        var isWrite = context.Request.Method is "PATCH" or "POST" or "PUT";
        if (isWrite)
        {
            writes.Add(context.Request.Method);
        }
        var end = isWrite ? await fate(context) : Fate.Answered;
        if (end == Fate.NeverDone)
        {
            context.Abort();
            return;
        }
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(api.Address, context.Request.Path + context.Request.QueryString));
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(context.Request.Headers.Authorization.ToString());
        if (isWrite)
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(context.Request.ContentType!);
        }
        using var answer = await direct.SendAsync(request, Token);
        var body = await answer.Content.ReadAsStringAsync(Token);
        switch (end)
        {
            case Fate.DoneAndLost:
                context.Abort();
                break;
            case Fate.DoneAndBadGateway:
                context.Response.StatusCode = 502;
                break;
            default:
                await HostileServer.JsonAsync(context, body, (int)answer.StatusCode);
                break;
        }
    }

    private async Task<string> SendAsync(HttpMethod method, string path, string? json)
    {
        using var request = new HttpRequestMessage(method, new Uri(api.Address, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "canary-token");
        if (json is not null)
        {
            request.Content = new StringContent(json, System.Text.Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        }
        using var response = await direct.SendAsync(request, Token);
        var body = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.IsSuccessStatusCode, body);
        return body;
    }
}
