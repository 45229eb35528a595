using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Lab.Faults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DalpHa.Lab.Hosting;

/// <summary>How a session commands the lab: HTTP on loopback, for who holds the token of the lab's record.</summary>
internal sealed class ControlEndpoint : IAsyncDisposable
{
    private readonly WebApplication application;

    private ControlEndpoint(WebApplication application, string token)
    {
        this.application = application;
        Token = token;
    }

    public string Token { get; }

    public Uri Address => new(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <param name="port">The loopback port; 0 for a free one.</param>
    /// <param name="regions">Both regions.</param>
    /// <param name="faults">The faults.</param>
    /// <param name="load">The load.</param>
    /// <param name="rejoin">Brings a server back as standby.</param>
    /// <param name="stop">Is told that the lab shall end.</param>
    /// <param name="stopping">Ends running commands. A session that went away does not: half a fault helps nobody.</param>
    public static async Task<ControlEndpoint> StartAsync(int port, IReadOnlyList<Region> regions, FaultBoard faults, PlatformLoad load, ServerRejoin rejoin, Action stop, CancellationToken stopping)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        var application = builder.Build();
        var token = RandomNumberGenerator.GetHexString(48, lowercase: true);
        application.Use((context, next) => IsAllowed(context, token)
            ? AnswerFailuresAsync(context, next)
            : FailAsync(context, StatusCodes.Status401Unauthorized, new LabFailure("LabTokenWrong", FaultKind.Unauthenticated, "The token is not this lab's.", "Use the cmdlets of the user who started it.")));

        LabStatus Status() => new(faults.InForce, load.PerSecond) { Sites = [.. regions.Select(region => StatusOf(region, load))] };
        application.MapGet("/status", (RequestDelegate)(context => AnswerAsync(context, Status(), LabJson.Default.LabStatus)));
        application.MapPut("/faults/{name}", (RequestDelegate)(async context =>
            await AnswerAsync(context, await faults.InjectAsync(Name(context), Site(context), Seconds(context), stopping), LabJson.Default.DalpLabFault)));
        application.MapDelete("/faults/{name}", (RequestDelegate)(async context =>
            await AnswerAsync(context, await faults.UndoAsync(Name(context), Site(context), stopping), LabJson.Default.DalpLabFault)));
        application.MapPut("/writeload/{rate:int:range(0," + PlatformLoad.MostPerSecondText + ")}", (RequestDelegate)(async context =>
        {
            await load.SetAsync(int.Parse((string)context.GetRouteValue("rate")!, System.Globalization.CultureInfo.InvariantCulture), stopping);
            await AnswerAsync(context, Status(), LabJson.Default.LabStatus);
        }));
        application.MapPost("/rejoin/{server}", (RequestDelegate)(async context =>
            await AnswerAsync(context, await rejoin.RunAsync((string)context.GetRouteValue("server")!, stopping), LabJson.Default.LabRejoin)));
        application.MapPost("/stop", (RequestDelegate)(async context =>
        {
            context.Response.OnCompleted(() =>
            {
                stop();
                return Task.CompletedTask;
            });
            await AnswerAsync(context, Status(), LabJson.Default.LabStatus);
        }));
        application.MapFallback((RequestDelegate)(context =>
            FailAsync(context, StatusCodes.Status404NotFound, new LabFailure("LabRequestUnknown", FaultKind.InvalidInput, $"The lab does not know {context.Request.Method} {context.Request.Path}.", "Start the lab and the session from the same version of DalpHa."))));
        try
        {
            await application.StartAsync(stopping);
        }
        catch (IOException exception)
        {
            await application.DisposeAsync();
            throw new DalpException("LabPortInUse", FaultKind.Conflict, $"Port {port} on 127.0.0.1 is in use.", "Give another first port with -Port, or none: then free ones are taken.", port, exception);
        }
        return new ControlEndpoint(application, token);
    }

    public async ValueTask DisposeAsync()
    {
        await application.StopAsync();
        await application.DisposeAsync();
    }

    private static LabFault Name(HttpContext context) => Enum.TryParse<LabFault>((string?)context.GetRouteValue("name"), out var name) && Enum.IsDefined(name)
        ? name
        : throw new DalpException("LabFaultUnknown", FaultKind.InvalidInput, "The lab does not know this fault.", "Start the lab and the session from the same version of DalpHa.");

    private static LabSiteStatus StatusOf(Region region, PlatformLoad load) =>
        new(region.Site.Role, region.Site.Context, region.Site.DatabasePod, region.Database.Role, region.Database.TakesWrites, load.AcknowledgedBy(region));

    private static TimeSpan? Seconds(HttpContext context) =>
        int.TryParse(context.Request.Query["seconds"], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;

    private static SiteRole? Site(HttpContext context) => Enum.TryParse<SiteRole>(context.Request.Query["site"], out var site) ? site : null;

    private static bool IsAllowed(HttpContext context, string token) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString()), Encoding.UTF8.GetBytes($"Bearer {token}"));

    private static async Task AnswerFailuresAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            await FailAsync(context, StatusCodes.Status500InternalServerError, LabFailure.From(exception));
        }
    }

    private static Task FailAsync(HttpContext context, int status, LabFailure failure)
    {
        context.Response.StatusCode = status;
        return AnswerAsync(context, failure, LabJson.Default.LabFailure);
    }

    private static Task AnswerAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(context.Response.Body, value, type);
    }
}
