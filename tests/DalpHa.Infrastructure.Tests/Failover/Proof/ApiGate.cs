using System.Net;
using DalpHa.Lab.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>The way to one cluster's API: passes requests on, tells the gates of those that change something, and can be cut.</summary>
internal sealed class ApiGate : IAsyncDisposable
{
    private static readonly string[] Hops = ["Host", "Connection", "Transfer-Encoding", "Content-Length", "Keep-Alive"];
    private readonly string site;
    private readonly WriteGates gates;
    private readonly HttpClient upstream;
    private readonly ServerCertificate certificate = ServerCertificate.Create("gate", TimeProvider.System);
    private readonly WebApplication server;

    private ApiGate(string site, Uri api, WriteGates gates)
    {
        (this.site, this.gates) = (site, gates);
        upstream = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } }) { BaseAddress = api };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate.Certificate)));
        server = builder.Build();
        server.Run(PassAsync);
    }

    public Uri Address => new(server.Urls.Single());

    public string AuthorityPem => certificate.AuthorityPem;

    /// <summary>Whether the site can't be reached: every connection is dropped.</summary>
    public bool IsCut { get; set; }

    public static async Task<ApiGate> StartAsync(string site, Uri api, WriteGates gates)
    {
        var gate = new ApiGate(site, api, gates);
        await gate.server.StartAsync();
        return gate;
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        upstream.Dispose();
        certificate.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        if (IsCut)
        {
            context.Abort();
            return;
        }
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var write = WriteOf(context.Request);
        if (write is not null && !await gates.BeforeAsync(write))
        {
            context.Abort();
            return;
        }
        // From here on the request is done, whether its sender lives or not.
        using var response = await SendAsync(context.Request, body.ToArray());
        var answer = await response.Content.ReadAsByteArrayAsync();
        // A write that was refused has changed nothing.
        if ((write is not null && response.IsSuccessStatusCode && !await gates.AfterAsync(write)) || IsCut)
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var header in response.Headers.Concat(response.Content.Headers).Where(header => !Hops.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
        {
            context.Response.Headers[header.Key] = header.Value.ToArray();
        }
        await context.Response.Body.WriteAsync(answer);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequest from, byte[] body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(from.Method), new Uri(upstream.BaseAddress!, from.GetEncodedPathAndQuery())) { Content = new ByteArrayContent(body) };
        foreach (var header in from.Headers.Where(header => !Hops.Contains(header.Key, StringComparer.OrdinalIgnoreCase) && !header.Key.StartsWith(':')))
        {
            if (!request.Headers.TryAddWithoutValidation(header.Key, header.Value.AsEnumerable()))
            {
                request.Content.Headers.TryAddWithoutValidation(header.Key, header.Value.AsEnumerable());
            }
        }
        return await upstream.SendAsync(request);
    }

    // Whether one may do something is asked by a POST and changes nothing.
    private string? WriteOf(HttpRequest request)
    {
        var path = request.Path.Value!;
        return HttpMethods.IsGet(request.Method) || path.Contains("accessreview", StringComparison.OrdinalIgnoreCase)
            ? null
            : $"{site} {request.Method} {string.Join('/', path.Split('/').SkipWhile(part => part != "namespaces").Skip(2))}";
    }
}
