using System.Diagnostics;
using System.Globalization;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Lab.Postgres;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>Faults of an API server, and of the way to it, that begin under an adapter in use: each is told in time, and the same adapter works on when it is over.</summary>
public sealed class ApiRecoveryTests
{
    private static readonly Dictionary<string, Func<HttpContext, Task>> Faults = new()
    {
        ["hangs"] = c => Task.Delay(Timeout.Infinite, c.RequestAborted),
        ["dribbles"] = async c =>
        {
            while (true)
            {
                await c.Response.WriteAsync(" ");
                await c.Response.Body.FlushAsync(c.RequestAborted);
                await Task.Delay(50, c.RequestAborted);
            }
        },
        ["throttles for a minute"] = c =>
        {
            c.Response.Headers.RetryAfter = "60";
            return HostileServer.FailAsync(c, 429);
        },
        ["throttles until a date"] = c =>
        {
            c.Response.Headers.RetryAfter = Http(TimeProvider.System.GetUtcNow().AddMinutes(1));
            return HostileServer.FailAsync(c, 429);
        },
        ["is overloaded"] = c => HostileServer.FailAsync(c, 503),
        ["resets a list in its middle"] = async c =>
        {
            if (!IsSecondPage(c))
            {
                await HostileServer.PodsAsync(c, "next", "half");
                return;
            }
            await c.Response.WriteAsync("""{"kind":"PodList","items":[{"metadata":""");
            await c.Response.Body.FlushAsync();
            c.Abort();
        },
        ["forgets every list"] = c => IsSecondPage(c) ? HostileServer.FailAsync(c, 410) : HostileServer.PodsAsync(c, "next", "half"),
        ["cuts its JSON short"] = c => HostileServer.JsonAsync(c, """{"kind":"PodList","items":[{"metadata":{"name":"half"}}"""),
        ["is a login page"] = c =>
        {
            c.Response.ContentType = "text/html";
            return c.Response.WriteAsync("<html><form>Please log in</form></html>");
        },
        ["refuses the token"] = c => HostileServer.FailAsync(c, 401),
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("hangs", "ApiTimedOut")]
    [InlineData("dribbles", "ApiTimedOut")]
    [InlineData("throttles for a minute", "ApiThrottled")]
    [InlineData("throttles until a date", "ApiThrottled")]
    [InlineData("is overloaded", "ApiServerError")]
    [InlineData("resets a list in its middle", "ApiUnreachable")]
    [InlineData("forgets every list", "ApiListExpired")]
    [InlineData("cuts its JSON short", "ApiAnswerInvalid")]
    [InlineData("is a login page", "ApiAnswerInvalid")]
    [InlineData("refuses the token", "ApiUnauthorized")]
    public async Task Fault_of_the_server_is_told_in_time_and_its_end_is_noticed(string fault, string errorId)
    {
        var isFaulty = false;
        await using var server = await HostileServer.StartAsync((c, _) => Volatile.Read(ref isFaulty) ? Faults[fault](c) : HostileServer.PodsAsync(c, null, "a"));
        await using var cluster = server.Open(2);
        await ListsAsync(cluster, "a");
        Volatile.Write(ref isFaulty, true);
        await FailsAsync(cluster, errorId);
        Volatile.Write(ref isFaulty, false);
        await ListsAsync(cluster, "a");
    }

    [Theory]
    [InlineData(LinkState.Stalled, "ApiTimedOut")]
    [InlineData(LinkState.Refused, "ApiUnreachable")]
    public async Task Cut_of_the_way_there_is_told_in_time_and_its_end_is_noticed(LinkState cut, string errorId)
    {
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.PodsAsync(c, null, "a"));
        await using var link = new StandbyLink(0, server.Address.Port);
        await using var cluster = server.Open(2, server.WriteKubeconfig(port: link.Port));
        // Before the first connection is made, TCP is accepted and TLS gets no answer; afterwards a kept connection goes silent.
        for (var round = 0; round < 2; round++)
        {
            link.Set(cut);
            var first = FailsAsync(cluster, errorId);
            await Task.Delay(300, Token);
            await Task.WhenAll(first, FailsAsync(cluster, errorId));
            link.Set(LinkState.Passing);
            await ListsAsync(cluster, "a");
        }
    }

    [Fact]
    public async Task Another_server_that_takes_over_the_address_is_noticed()
    {
        await using var successor = await HostileServer.StartAsync((c, _) => HostileServer.PodsAsync(c, null, "successor"), TestCertificates.Leaf("127.0.0.1"));
        var server = await HostileServer.StartAsync((c, _) => HostileServer.PodsAsync(c, null, "a"));
        var address = new StandbyLink(0, server.Address.Port);
        await using var cluster = server.Open(2, server.WriteKubeconfig(port: address.Port));
        await ListsAsync(cluster, "a");
        // A load balancer with nobody behind it takes the connection and drops it, which is no matter of certificates.
        await server.DisposeAsync();
        await FailsAsync(cluster, "ApiUnreachable");
        await address.DisposeAsync();
        await using var moved = new StandbyLink(address.Port, successor.Address.Port);
        await ListsAsync(cluster, "successor");
    }

    [Fact]
    public async Task Kept_connection_that_carries_nothing_any_more_is_left()
    {
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.PodsAsync(c, null, "a"));
        await using var link = new StandbyLink(0, server.Address.Port);
        await using var cluster = server.Open(2, server.WriteKubeconfig(port: link.Port));
        await ListsAsync(cluster, "a");
        link.Forget();
        var failures = 0;
        while (await Record.ExceptionAsync(() => ListsAsync(cluster, "a")) is { } failure)
        {
            Assert.Contains(Assert.IsType<DalpException>(failure).ErrorId, new[] { "ApiTimedOut", "ApiUnreachable" });
            Assert.True(++failures < 5);
        }
    }

    [Fact]
    public async Task Certificate_that_changes_counts_for_new_connections_only()
    {
        await using var server = await HostileServer.StartAsync((c, _) => HostileServer.PodsAsync(c, null, "a"));
        await using var link = new StandbyLink(0, server.Address.Port);
        await using var cluster = server.Open(2, server.WriteKubeconfig(port: link.Port));
        await ListsAsync(cluster, "a");
        server.Certificate = TestCertificates.Leaf("127.0.0.1", TestCertificates.OtherAuthority);
        await ListsAsync(cluster, "a");
        Reconnect();
        await FailsAsync(cluster, "ApiTlsMismatch");
        server.Certificate = TestCertificates.Leaf("127.0.0.1");
        await ListsAsync(cluster, "a");
        Reconnect();
        await ListsAsync(cluster, "a");

        void Reconnect()
        {
            link.Set(LinkState.Refused);
            link.Set(LinkState.Passing);
        }
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(0)]
    [InlineData(5)]
    public async Task Date_to_retry_after_is_taken_by_the_servers_own_clock(int skewMinutes)
    {
        await using var server = await HostileServer.StartAsync((c, n) =>
        {
            var now = TimeProvider.System.GetUtcNow().AddMinutes(skewMinutes);
            c.Response.Headers.Date = Http(now);
            c.Response.Headers.RetryAfter = Http(now.AddSeconds(1));
            return n == 1 ? HostileServer.FailAsync(c, 429) : HostileServer.PodsAsync(c, null, "a");
        });
        await using var cluster = server.Open(4);
        var clock = Stopwatch.StartNew();
        await ListsAsync(cluster, "a");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.9, 10);
    }

    [Fact]
    public async Task Told_to_retry_at_once_it_still_outlasts_a_burst()
    {
        var clock = Stopwatch.StartNew();
        await using var server = await HostileServer.StartAsync((c, _) =>
        {
            c.Response.Headers.RetryAfter = "0";
            return clock.Elapsed < TimeSpan.FromSeconds(0.5) ? HostileServer.FailAsync(c, 503) : HostileServer.PodsAsync(c, null, "a");
        });
        await using var cluster = server.Open(10);
        clock.Restart();
        await ListsAsync(cluster, "a");
    }

    [Fact]
    public async Task Slow_list_that_progresses_page_by_page_may_take_longer_than_one_request()
    {
        await using var server = await HostileServer.StartAsync(async (c, n) =>
        {
            await Task.Delay(700, c.RequestAborted);
            await HostileServer.PodsAsync(c, n < 4 ? "next" : null, $"p{n}");
        });
        await using var cluster = server.Open(2);
        await ListsAsync(cluster, "p1", "p2", "p3", "p4");
    }

    private static async Task ListsAsync(ICluster cluster, params string[] names) =>
        Assert.Equal(names, (await cluster.ListPodsAsync("ns", Token)).Select(pod => pod.Name));

    private static async Task FailsAsync(ICluster cluster, string errorId)
    {
        var clock = Stopwatch.StartNew();
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.ListPodsAsync("ns", Token));
        Assert.True(failure.ErrorId == errorId, failure.ToString());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(12), clock.Elapsed.ToString());
    }

    private static bool IsSecondPage(HttpContext context) => context.Request.Query.ContainsKey("continue");

    private static string Http(DateTimeOffset time) => time.ToString("R", CultureInfo.InvariantCulture);
}
