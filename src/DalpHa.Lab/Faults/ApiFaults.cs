using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Lab.Hosting;

namespace DalpHa.Lab.Faults;

/// <summary>The Kubernetes API accepts connections and never answers.</summary>
internal sealed class ApiHungFault : ILabFault
{
    public LabFault Name => LabFault.ApiHung;

    public Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken) => ApiBreakdown.InjectAsync(scene, LabFault.ApiFailing, api => api.HangAsync(cancellationToken));
}

/// <summary>The Kubernetes API answers every request with an internal error.</summary>
internal sealed class ApiFailingFault : ILabFault
{
    public LabFault Name => LabFault.ApiFailing;

    public Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken) => ApiBreakdown.InjectAsync(scene, LabFault.ApiHung, api => api.FailAsync(cancellationToken));
}

/// <summary>An API that misbehaves in one way at a time.</summary>
internal static class ApiBreakdown
{
    public static async Task<Injection> InjectAsync(FaultScene scene, LabFault other, Func<IRegionApi, Task> breakDown)
    {
        var api = scene.Region.Api;
        if (scene.IsInForce(other))
        {
            throw new DalpException(
                "LabFaultInTheWay",
                FaultKind.Conflict,
                $"The Kubernetes API of {scene.Region.Site.Context} has another fault already.",
                "Undo that one first: Get-DalpLab lists the faults in force.",
                scene.Region.Site.Context);
        }
        await breakDown(api);
        return new Injection($"API {scene.Region.Address.Authority}", api.RecoverAsync);
    }
}
