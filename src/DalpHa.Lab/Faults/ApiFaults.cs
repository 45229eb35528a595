using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Lab.Api;

namespace DalpHa.Lab.Faults;

/// <summary>The Kubernetes API accepts connections and never answers.</summary>
internal sealed class ApiHungFault : ILabFault
{
    public LabFault Name => LabFault.ApiHung;

    public Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken) => Task.FromResult(ApiEndpoint.Break(scene, ApiFault.Hang));
}

/// <summary>The Kubernetes API answers every request with an internal error.</summary>
internal sealed class ApiFailingFault : ILabFault
{
    public LabFault Name => LabFault.ApiFailing;

    public Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken) => Task.FromResult(ApiEndpoint.Break(scene, new ApiFault.Fail()));
}

/// <summary>An endpoint that misbehaves in one way at a time.</summary>
internal static class ApiEndpoint
{
    public static Injection Break(FaultScene scene, ApiFault fault)
    {
        var api = scene.Region.Api;
        if (api.Fault != ApiFault.None)
        {
            throw new DalpException(
                "LabFaultInTheWay",
                FaultKind.Conflict,
                $"The Kubernetes API of {scene.Region.Site.Context} has another fault already.",
                "Undo that one first: Get-DalpLab lists the faults in force.",
                scene.Region.Site.Context);
        }
        api.Fault = fault;
        return new Injection($"API {api.Address.Authority}", _ =>
        {
            api.Fault = ApiFault.None;
            return Task.CompletedTask;
        });
    }
}
