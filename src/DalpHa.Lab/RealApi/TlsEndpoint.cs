using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace DalpHa.Lab.RealApi;

/// <summary>A server of ours inside a control plane: it shows the control plane's certificate.</summary>
internal sealed class TlsEndpoint : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly X509Certificate2 certificate;

    private TlsEndpoint(WebApplication application, X509Certificate2 certificate)
    {
        this.application = application;
        this.certificate = certificate;
        Port = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    public int Port { get; }

    /// <param name="port">The loopback port; 0 for a free one.</param>
    /// <param name="keys">The control plane's keys.</param>
    /// <param name="onlyFromWithin">Whether only servers of the same control plane get through the handshake.</param>
    /// <param name="serve">Answers a request.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<TlsEndpoint> StartAsync(int port, ClusterKeys keys, bool onlyFromWithin, RequestDelegate serve, CancellationToken cancellationToken)
    {
        var certificate = X509Certificate2.CreateFromPemFile(keys.Certificate, keys.Key);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = certificate,
            ClientCertificateMode = onlyFromWithin ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.NoCertificate,
            ClientCertificateValidation = (client, _, _) => client.Thumbprint == certificate.Thumbprint,
        })));
        var application = builder.Build();
        application.UseWebSockets();
        application.Run(serve);
        try
        {
            await application.StartAsync(cancellationToken);
            return new TlsEndpoint(application, certificate);
        }
        catch
        {
            await application.DisposeAsync();
            certificate.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Clients that keep a connection open are not waited for.
        using var atOnce = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await application.StopAsync(atOnce.Token);
        await application.DisposeAsync();
        certificate.Dispose();
    }
}
