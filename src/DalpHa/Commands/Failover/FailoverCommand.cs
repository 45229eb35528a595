using System.Management.Automation;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>A cmdlet that plans, runs or resumes a failover: what its people decide beforehand.</summary>
public abstract class FailoverCommand : ChangeCommand
{
    /// <summary>
    /// Who vouches that an active site that can't be reached serves nobody, and how that person knows: <c>'name: statement'</c>. It counts only while the site does
    /// not answer.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ActiveIsGone { get; set; }

    /// <summary>The loss that is accepted, as the age of the oldest commit that may be lost. Without it the topology's RPO bounds it.</summary>
    [Parameter]
    [Duration(0, double.MaxValue)]
    public TimeSpan? MaxDataLoss { get; set; }

    /// <summary>What the sites are opened with.</summary>
    private protected new FailoverSettings Settings(DalpTopology topology, DalpRunbook runbook, FailoverKind kind, CancellationToken cancellationToken) =>
        base.Settings(topology, runbook, kind, cancellationToken) with
        {
            ActiveIsGone = ActiveIsGone is { } word ? FailoverInput.Parse(word) : null,
            MaxDataLoss = MaxDataLoss,
        };
}
