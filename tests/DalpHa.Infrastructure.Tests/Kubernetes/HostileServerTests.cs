using System.Diagnostics;
using DalpHa.Core.Errors;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>What the adapter makes of API servers, and of what stands before them, at their worst.</summary>
public sealed class HostileServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hung_server_ends_in_the_timeout()
    {
        await using var server = await HostileServer.StartAsync((c, _) => Task.Delay(Timeout.Infinite, c.RequestAborted));
        await TimesOutAsync(server);
    }

    [Fact]
    public async Task Body_that_trickles_ends_in_the_timeout()
    {
        await using var server = await HostileServer.StartAsync(async (c, _) =>
        {
            await c.Response.WriteAsync("""{"kind":"PodList","items":[""");
            while (true)
            {
                await c.Response.WriteAsync(" ");
                await c.Response.Body.FlushAsync(c.RequestAborted);
                await Task.Delay(50, c.RequestAborted);
            }
        });
        await TimesOutAsync(server);
    }

    [Fact]
    public async Task Throttled_request_waits_as_long_as_it_is_told()
    {
        await using var server = await HostileServer.StartAsync((c, n) =>
        {
            c.Response.Headers.RetryAfter = "1";
            return n == 1 ? HostileServer.FailAsync(c, 429) : HostileServer.PodsAsync(c, null, "a");
        });
        await using var cluster = server.Open(5);
        var clock = Stopwatch.StartNew();
        Assert.Single(await cluster.ListPodsAsync("ns", Token));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.9, 10);
    }

    [Theory]
    [InlineData("/apis/batch/v1/", new[] { "/apis/batch/v1/", "/apis/batch/v1/" })]
    [InlineData("/apis/batch/v1beta1/", new[] { "/apis/batch/v1/", "/apis/batch/v1beta1/", "/apis/batch/v1beta1/" })]
    [InlineData(null, new[] { "/apis/batch/v1/", "/apis/batch/v1beta1/", "/apis/batch/v1/", "/apis/batch/v1beta1/" })]
    public async Task CronJobs_are_read_in_the_version_that_is_served_and_are_none_where_neither_is(string? served, string[] asked)
    {
        await using var server = await HostileServer.StartAsync((c, _) => served is not null && c.Request.Path.StartsWithSegments(served.TrimEnd('/'))
            ? c.Response.WriteAsync("""{"kind":"CronJobList","items":[{"metadata":{"name":"sweep"},"spec":{"suspend":true}}]}""")
            : HostileServer.FailAsync(c, 404));
        await using var cluster = server.Open(5);
        for (var time = 1; time <= 2; time++)
        {
            Assert.Equal(served is null ? [] : ["sweep"], (await cluster.ListCronJobsAsync("ns", Token)).Select(one => one.Name));
        }
        Assert.Equal(asked.Select(version => $"{version}namespaces/ns/cronjobs?limit=500"), server.Requests);
    }

    [Fact]
    public async Task Throttled_beyond_the_timeout_is_told_at_once()
    {
        await using var server = await HostileServer.StartAsync((c, _) =>
        {
            c.Response.Headers.RetryAfter = "60";
            return HostileServer.FailAsync(c, 429);
        });
        await using var cluster = server.Open(30);
        var clock = Stopwatch.StartNew();
        var failure = await FailsAsync(cluster, "ApiThrottled", FaultKind.Unavailable);
        Assert.Contains("60 s", failure.Message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Burst_of_server_errors_is_outlasted(int status)
    {
        await using var server = await HostileServer.StartAsync((c, n) => n <= 2 ? HostileServer.FailAsync(c, status) : HostileServer.PodsAsync(c, null, "a"));
        await using var cluster = server.Open(5);
        Assert.Single(await cluster.ListPodsAsync("ns", Token));
    }

    [Fact]
    public async Task Server_that_keeps_failing_is_told_within_the_timeout()
    {
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.FailAsync(c, 500, "etcd has no leader"));
        await using var cluster = server.Open(1);
        var clock = Stopwatch.StartNew();
        var failure = await FailsAsync(cluster, "ApiServerError", FaultKind.Unavailable);
        Assert.Contains("etcd has no leader", failure.Message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Connection_reset_in_the_middle_of_a_page_is_read_again()
    {
        await using var server = await HostileServer.StartAsync(async (c, n) =>
        {
            if (n == 2)
            {
                await c.Response.WriteAsync("""{"kind":"PodList","items":[{"metadata":""");
                await c.Response.Body.FlushAsync();
                c.Abort();
                return;
            }
            await HostileServer.PodsAsync(c, n == 1 ? "next" : null, n == 1 ? "a" : "b");
        });
        await using var cluster = server.Open(5);
        Assert.Equal(["a", "b"], (await cluster.ListPodsAsync("ns", Token)).Select(p => p.Name));
    }

    [Fact]
    public async Task Expired_continue_token_starts_the_list_again_and_keeps_nothing_of_before()
    {
        await using var server = await HostileServer.StartAsync((c, n) => n switch
        {
            1 => HostileServer.PodsAsync(c, "old", "gone"),
            2 => HostileServer.FailAsync(c, 410),
            3 => HostileServer.PodsAsync(c, "new", "a"),
            _ => HostileServer.PodsAsync(c, null, "b"),
        });
        await using var cluster = server.Open(5);
        Assert.Equal(["a", "b"], (await cluster.ListPodsAsync("ns", Token)).Select(p => p.Name));
        Assert.DoesNotContain("continue", server.Requests.ElementAt(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_that_expires_again_is_told()
    {
        await using var server = await HostileServer.StartAsync((c, n) => n % 2 == 1 ? HostileServer.PodsAsync(c, "old", "a") : HostileServer.FailAsync(c, 410));
        await using var cluster = server.Open();
        await FailsAsync(cluster, "ApiListExpired", FaultKind.Unavailable);
    }

    [Theory]
    [InlineData("""{"kind":"PodList","items":[""")]
    [InlineData("<html>please log in</html>")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"kind":"Status","message":"ok"}""")]
    [InlineData("""{"kind":"PodList","items":{"a":1}}""")]
    public async Task Answer_that_is_no_list_is_never_an_empty_one(string body)
    {
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.JsonAsync(c, body));
        await using var cluster = server.Open();
        await FailsAsync(cluster, "ApiAnswerInvalid", FaultKind.InvalidAnswer);
    }

    [Fact]
    public async Task Redirect_is_not_followed()
    {
        await using var server = await HostileServer.StartAsync((c, _) =>
        {
            c.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        });
        await using var cluster = server.Open();
        await FailsAsync(cluster, "ApiAnswerInvalid", FaultKind.InvalidAnswer);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Page_of_a_proxy_does_not_make_a_namespace_absent()
    {
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.JsonAsync(c, "<html>not here</html>", 404));
        await using var cluster = server.Open();
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.NamespaceExistsAsync("ns", Token));
        Assert.Equal("ApiPathNotFound", failure.ErrorId);
    }

    [Theory]
    [InlineData("""{"kind":"ConfigMapList","items":[{"metadata":{"name":"kube-root-ca.crt"}}]}""", true)]
    [InlineData("""{"kind":"ConfigMapList","items":[]}""", false)]
    public async Task Namespace_that_may_not_be_read_is_proved_by_what_is_in_it(string configMaps, bool isProved)
    {
        await using var server = await HostileServer.StartAsync((c, _) => c.Request.Path.Value!.EndsWith("configmaps", StringComparison.Ordinal)
            ? HostileServer.JsonAsync(c, configMaps)
            : HostileServer.FailAsync(c, 403));
        await using var cluster = server.Open();
        if (isProved)
        {
            Assert.True(await cluster.NamespaceExistsAsync("ns", Token));
            return;
        }
        Assert.Equal("ApiForbidden", (await Assert.ThrowsAsync<DalpException>(() => cluster.NamespaceExistsAsync("ns", Token))).ErrorId);
    }

    [Fact]
    public async Task Routes_are_listed_where_the_cluster_has_them()
    {
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.JsonAsync(c, c.Request.Path.Value switch
        {
            "/apis" => """{"kind":"APIGroupList","groups":[{"name":"apps"},{"name":"route.openshift.io"}]}""",
            "/apis/route.openshift.io/v1/namespaces/ns/routes" => """{"kind":"RouteList","items":[{"metadata":{"name":"dapp"},"spec":{"host":"dapp.example.com"}}]}""",
            _ => """{"kind":"IngressList","items":[{"metadata":{"name":"all","annotations":{"kubernetes.io/ingress.class":"old"}},"spec":{}}]}""",
        }));
        await using var cluster = server.Open();
        var routes = await cluster.ListIngressRoutesAsync("ns", Token);
        Assert.Equal(["Ingress all old *", "Route dapp  dapp.example.com"], routes.Select(r => $"{r.Kind} {r.Name} {r.ClassName} {string.Join(',', r.Hosts)}"));
    }

    [Fact]
    public async Task Refused_token_is_told_without_it()
    {
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.FailAsync(c, 401, "Unauthorized"));
        await using var cluster = server.Open();
        var failure = await FailsAsync(cluster, "ApiUnauthorized", FaultKind.Unauthenticated);
        Assert.DoesNotContain("canary-token", failure.ToString(), StringComparison.Ordinal);
        Assert.Equal(["Bearer canary-token"], server.Logins);
    }

    [Fact]
    public async Task Server_that_is_gone_is_unreachable()
    {
        var server = await HostileServer.StartAsync((c, _) => Task.CompletedTask);
        await using var cluster = server.Open();
        await server.DisposeAsync();
        await FailsAsync(cluster, "ApiUnreachable", FaultKind.Unreachable);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_at_once()
    {
        await using var server = await HostileServer.StartAsync((c, _) => Task.Delay(Timeout.Infinite, c.RequestAborted));
        await using var cluster = server.Open(60);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.ListPodsAsync("ns", cancel.Token));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20));
    }

    private static async Task TimesOutAsync(HostileServer server)
    {
        await using var cluster = server.Open(1);
        var clock = Stopwatch.StartNew();
        await FailsAsync(cluster, "ApiTimedOut", FaultKind.TimedOut);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.9, 10);
    }

    private static async Task<DalpException> FailsAsync(Core.Ports.ICluster cluster, string errorId, FaultKind kind)
    {
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.ListPodsAsync("ns", Token));
        Assert.True(failure.ErrorId == errorId, failure.ToString());
        Assert.Equal(kind, failure.Kind);
        Assert.Contains("hostile", failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.RecommendedAction);
        return failure;
    }
}
