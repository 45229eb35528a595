using DalpHa.Core.Errors;
using DalpHa.Core.Lab;

namespace DalpHa.Lab.Faults;

/// <summary>The database operator of a site does nothing: what is asked of a Cluster is stored and not done.</summary>
internal sealed class OperatorDownFault : ILabFault
{
    public LabFault Name => LabFault.OperatorDown;

    public Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        if (scene.Region.Operator is not { } running)
        {
            throw new DalpException(
                "LabHasNoOperator", FaultKind.InvalidInput, "No operator looks after the databases of this lab, so none can stop.", "Start a lab with -Database CloudNativePg or CloudNativePgReplica.", Name.ToString());
        }
        running.IsPaused = true;
        return Task.FromResult(new Injection("Operator/cloudnative-pg", _ =>
        {
            running.IsPaused = false;
            return Task.CompletedTask;
        }));
    }
}
