using DalpHa.Lab.Api;

namespace DalpHa.Infrastructure.Tests.LabApi;

/// <summary>The lab's own API endpoint on a free port.</summary>
public sealed class LabServerFixture : IApiServerUnderTest, IAsyncLifetime
{
    private ApiServer? _server;

    public ApiServer Server => _server!;

    public Uri Address => Server.Address;

    public string AuthorityPem => Server.CertificateAuthorityPem;

    public string AdminToken => "admin-token";

    public string LimitedToken => "nobody-token";

    public string? SkipReason => null;

    public async ValueTask InitializeAsync() => _server = await ApiServer.StartAsync(new ApiServerOptions
    {
        Name = "conformance",
        HistoryLimit = 100,
        BookmarkInterval = TimeSpan.FromMilliseconds(200),
        Users = new Dictionary<string, ApiUser>
        {
            [AdminToken] = new("admin", ["system:masters"]),
            [LimitedToken] = new("nobody", []),
            ["expired-token"] = new("late", [], DateTimeOffset.UnixEpoch),
        },
    }, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
