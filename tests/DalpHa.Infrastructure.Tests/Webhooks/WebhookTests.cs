using System.Net;
using System.Net.Sockets;
using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Webhooks;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Infrastructure.Tests.Webhooks;

/// <summary>Somebody is told by a webhook, whose address may be a secret, and who may be anybody.</summary>
public sealed class WebhookTests
{
    private const string Message = """{"point":"Declared","text":"Region \"eu-west\" ist verloren – «Störung»"}""";
    private const string Secret = "canary-of-the-address";
    private const string Path = $"/hooks/{Secret}?token={Secret}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_gets_the_message_as_it_is()
    {
        await using var service = await LoopbackService.StartAsync(_ => Task.CompletedTask);
        await Webhook.PostAsync(new Uri(service.Address, Path), Message, Token);
        Assert.Equal(("POST", Path, "application/json; charset=utf-8", Message), Assert.Single(service.Requests));
    }

    [Theory]
    [InlineData(HttpStatusCode.MovedPermanently)]
    [InlineData(HttpStatusCode.TemporaryRedirect)]
    public async Task Nobody_else_is_told_because_it_says_so(HttpStatusCode redirect)
    {
        await using var other = await LoopbackService.StartAsync(_ => Task.CompletedTask);
        await using var service = await LoopbackService.StartAsync(context =>
        {
            (context.Response.StatusCode, context.Response.Headers.Location) = ((int)redirect, other.Address.ToString());
            return Task.CompletedTask;
        });
        Assert.Contains($"it answered {(int)redirect}", (await FailedAsync(service.Address)).Message, StringComparison.Ordinal);
        Assert.Single(service.Requests);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task An_error_names_the_host_and_nothing_else_of_the_address()
    {
        await using var service = await LoopbackService.StartAsync(context =>
        {
            context.Response.StatusCode = 500;
            return context.Response.WriteAsync(Secret);
        });
        var failed = await FailedAsync(service.Address);
        Assert.Equal("The webhook at 127.0.0.1 did not take the message: it answered 500.", failed.Message);
    }

    [Fact]
    public async Task Nobody_at_the_address_is_an_error_of_ours()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"http://{listener.LocalEndpoint}");
        listener.Stop();
        Assert.Contains("127.0.0.1", (await FailedAsync(address)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_never_answers_is_waited_for_as_long_as_the_caller_wants()
    {
        await using var service = await LoopbackService.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Token);
        bound.CancelAfter(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Webhook.PostAsync(service.Address, Message, bound.Token));
    }

    [Fact]
    public async Task What_it_says_beyond_its_status_is_not_listened_to()
    {
        await using var service = await LoopbackService.StartAsync(async context =>
        {
            await context.Response.WriteAsync("And another thing", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Token);
        bound.CancelAfter(TimeSpan.FromSeconds(20));
        await Webhook.PostAsync(service.Address, Message, bound.Token);
        Assert.Single(service.Requests);
    }

    private static async Task<DalpException> FailedAsync(Uri server)
    {
        var failed = await Assert.ThrowsAsync<DalpException>(() => Webhook.PostAsync(new Uri(server, Path), Message, Token));
        Assert.Equal(("WebhookFailed", FaultKind.Unreachable, "127.0.0.1"), (failed.ErrorId, failed.Kind, failed.Target));
        Assert.DoesNotContain(Secret, failed.ToString(), StringComparison.Ordinal);
        return failed;
    }
}
