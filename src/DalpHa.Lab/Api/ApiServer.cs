using System.Net;
using DalpHa.Core.Errors;
using DalpHa.Lab.Api.Patching;
using DalpHa.Lab.Api.Rbac;
using DalpHa.Lab.Api.Reading;
using DalpHa.Lab.Api.Serving;
using DalpHa.Lab.Api.Watching;
using DalpHa.Lab.Api.Writing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace DalpHa.Lab.Api;

/// <summary>
/// A Kubernetes API endpoint on a loopback port with its objects in memory: HTTPS with an authority of its own, bearer tokens, RBAC, and the semantics that
/// kubectl and ordinary controllers rely on. Nothing runs behind it: what controllers do in a cluster is left to its clients.
/// </summary>
public sealed class ApiServer : IAsyncDisposable
{
    private const int LargestBody = 3 * 1024 * 1024;

    private readonly WebApplication _app;
    private readonly ServerCertificate _certificate;
    private readonly FaultGate _faults;
    private readonly CancellationTokenSource _stopping;

    private ApiServer(WebApplication app, ServerCertificate certificate, FaultGate faults, CancellationTokenSource stopping)
    {
        _app = app;
        _certificate = certificate;
        _faults = faults;
        _stopping = stopping;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    /// <summary>Where the endpoint listens, for example <c>https://127.0.0.1:6443/</c>.</summary>
    public Uri Address { get; }

    /// <summary>The certificate of the authority that signed the endpoint's own, as PEM.</summary>
    public string CertificateAuthorityPem => _certificate.AuthorityPem;

    /// <summary>How the endpoint misbehaves from now on, requests and watches that are open included.</summary>
    public ApiFault Fault
    {
        get => _faults.Current;
        set => _faults.Current = value;
    }

    /// <summary>Starts an endpoint; it answers when the task is done.</summary>
    /// <param name="options">Its name, port and users.</param>
    /// <param name="cancellation">Gives the start up.</param>
    /// <returns>The running endpoint; disposing it ends it at once.</returns>
    /// <exception cref="DalpException"><c>LabPortInUse</c>: something else listens on the port.</exception>
    public static async Task<ApiServer> StartAsync(ApiServerOptions options, CancellationToken cancellation)
    {
        var certificate = ServerCertificate.Create(options.Name, options.Time);
        var stopping = new CancellationTokenSource();
        var faults = new FaultGate(options.Time);
        var pipeline = Assemble(options, faults, stopping.Token);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = options.Name });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Listen(IPAddress.Loopback, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(certificate.Certificate);
            });
        });
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(pipeline.HandleAsync);
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (IOException error)
        {
            await app.DisposeAsync();
            certificate.Dispose();
            stopping.Dispose();
            throw new DalpException("LabPortInUse", FaultKind.Conflict, $"The lab's API endpoint {options.Name} can't listen on 127.0.0.1:{options.Port}: {error.Message}",
                "End what listens there, or start the lab on other ports.", options.Port, error);
        }
        return new ApiServer(app, certificate, faults, stopping);
    }

    /// <summary>Ends every request and watch, and frees the port.</summary>
    /// <returns>Done when the port is free.</returns>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        // Clients that keep a connection open are not waited for.
        using var atOnce = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        _certificate.Dispose();
        _stopping.Dispose();
    }

    private static RequestPipeline Assemble(ApiServerOptions options, FaultGate faults, CancellationToken stopping)
    {
        var store = new ObjectStore(options.HistoryLimit);
        var catalog = new ResourceCatalog();
        var lifecycle = new ObjectLifecycle(store, catalog, options.Time);
        var authorizer = new RbacAuthorizer(store);
        var writer = new ObjectWriter(store, lifecycle, new GrantGuard(authorizer), options.Hooks, options.Time);
        BootstrapObjects.Put(writer);
        var dispatcher = new ResourceDispatcher(
            new ObjectReader(store),
            new WatchHandler(store, faults, options),
            writer,
            new ObjectDeleter(store, lifecycle),
            new PatchHandler(store, writer, options.Time),
            new SubresourceHandler(store, writer, lifecycle, new PortForward(), new PodExec(options.Programs), options.Time),
            new AccessReviews(authorizer));
        return new RequestPipeline(options.Audit, faults, new Authenticator(options), authorizer, catalog, dispatcher, new Discovery(catalog, options), stopping);
    }
}
