using System.Management.Automation;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;

namespace DalpHa.Commands.Failover;

/// <summary>A step by hand that lets a site write, sign or serve again, and so rests on the other one not doing so.</summary>
public abstract class GatedStepCommand : StepCommand
{
    /// <summary>
    /// Who vouches that the other site, which can't be reached, neither writes nor signs, and how that person knows: <c>'name: statement'</c>. It counts only while
    /// that site does not answer.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OtherIsFenced { get; set; }

    /// <summary>Runs the step on a site.</summary>
    private protected async Task RunGatedAsync(SiteRole site, PromotionProcedure database, IStepRecipe recipe, CancellationToken cancellationToken)
    {
        var topology = await FindTopologyAsync().ConfigureAwait(false);
        var settings = Settings(topology, HandRunbook.Of(ActionTimeout, database), FailoverKind.Failover, cancellationToken) with
        {
            OtherIsFenced = OtherIsFenced is { } word ? FailoverInput.Parse(word) : null,
        };
        await RunStepAsync(settings, site, recipe, cancellationToken).ConfigureAwait(false);
    }
}
