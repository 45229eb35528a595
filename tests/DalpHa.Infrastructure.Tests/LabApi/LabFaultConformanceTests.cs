using System.Globalization;
using DalpHa.Lab.Api;

namespace DalpHa.Infrastructure.Tests.LabApi;

/// <summary>What only the lab can be told to do: a real server can't be made to throttle, to fail or to forget the pages of a list when a test wants it.</summary>
public sealed class LabFaultConformanceTests : IAsyncLifetime
{
    private readonly LabServerFixture _fixture = new();
    private ApiClient _admin = null!;

    public async ValueTask InitializeAsync()
    {
        await _fixture.InitializeAsync();
        _admin = new ApiClient(_fixture, _fixture.AdminToken);
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task Throttling_says_when_to_come_back()
    {
        _fixture.Server.Fault = new ApiFault.Throttle(TimeSpan.FromSeconds(7));
        var refused = (await _admin.Get("/api/v1/namespaces")).Refused(429, "TooManyRequests");
        Assert.Equal(TimeSpan.FromSeconds(7), refused.Headers.RetryAfter!.Delta);
        Assert.Equal("7", refused.Text("details.retryAfterSeconds"));
    }

    [Theory]
    [InlineData(500, "InternalError")]
    [InlineData(503, "ServiceUnavailable")]
    public async Task A_failing_server_fails_in_its_own_words_until_it_is_well(int code, string reason)
    {
        _fixture.Server.Fault = new ApiFault.Fail(code);
        (await _admin.Get("/api/v1/namespaces")).Refused(code, reason);
        (await _admin.Get("/version")).Refused(code, reason);
        _fixture.Server.Fault = ApiFault.None;
        (await _admin.Get("/api/v1/namespaces")).Expect(200);
    }

    [Fact]
    public async Task A_failing_server_ends_its_watches()
    {
        var events = await _admin.Watch("/api/v1/namespaces?watch=1&fieldSelector=metadata.name=default", meanwhile: () =>
        {
            _fixture.Server.Fault = new ApiFault.Fail();
            return Task.CompletedTask;
        });
        Assert.True(events.Count <= 1);
    }

    [Fact]
    public async Task A_broken_server_breaks_off_in_the_middle_of_its_answer()
    {
        _fixture.Server.Fault = ApiFault.Reset;
        await Assert.ThrowsAsync<HttpRequestException>(() => _admin.Get("/api/v1/namespaces"));
    }

    [Fact]
    public async Task The_rest_of_a_list_that_is_forgotten_is_expired_and_may_be_read_as_it_is_now()
    {
        var first = (await _admin.Get("/api/v1/namespaces?limit=1")).Expect(200);
        for (var i = 0; i < 110; i++)
        {
            (await _admin.Patch("/api/v1/namespaces/default", "merge-patch+json", $$$$"""{"metadata":{"annotations":{"count":"{{{{i.ToString(CultureInfo.InvariantCulture)}}}}"}}}""")).Expect(200);
        }
        var expired = (await _admin.Get($"/api/v1/namespaces?limit=1&continue={Uri.EscapeDataString(first.Text("metadata.continue"))}")).Refused(410, "Expired");
        var rest = (await _admin.Get($"/api/v1/namespaces?continue={Uri.EscapeDataString(expired.Text("metadata.continue"))}")).Expect(200);
        Assert.Equal(["kube-node-lease", "kube-public", "kube-system"], rest["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.ToString()));
    }
}
