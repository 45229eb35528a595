using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DalpHa.Infrastructure.Tests.Webhooks;

/// <summary>Somebody's HTTP service on loopback, which answers as a test tells it.</summary>
internal sealed class LoopbackService : IAsyncDisposable
{
    private readonly WebApplication app;

    private LoopbackService(WebApplication app) => this.app = app;

    /// <summary>What came: method, path with query, content type and body.</summary>
    public ConcurrentQueue<(string Method, string Path, string? ContentType, string Body)> Requests { get; } = new();

    public Uri Address => new(app.Urls.First());

    public static async Task<LoopbackService> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        var app = builder.Build();
        var service = new LoopbackService(app);
        app.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            service.Requests.Enqueue((context.Request.Method, context.Request.Path + context.Request.QueryString, context.Request.ContentType, await body.ReadToEndAsync(context.RequestAborted)));
            await answer(context);
        });
        await app.StartAsync();
        return service;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }
}
