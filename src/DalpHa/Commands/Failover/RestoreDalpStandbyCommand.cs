using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>Brings the former active site back as the standby of the promoted one: its database follows, and what it alone held is given up by a named person's word.</summary>
[Cmdlet(VerbsData.Restore, "DalpStandby", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = Written)]
[OutputType(typeof(DalpActionResult))]
public sealed class RestoreDalpStandbyCommand : ReleasingStepCommand
{
    private const string Written = "Runbook";
    private const string Given = "Given";

    /// <summary>The site that returns, as the topology calls it: the one that was active.</summary>
    [Parameter]
    public SiteRole Site { get; set; } = SiteRole.Active;

    /// <summary>The runbook whose promotion says how. Without it, and without the parameters below, the one that DALPHA_RUNBOOK names, else ./runbook.yaml.</summary>
    [Parameter(ParameterSetName = Written)]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Runbook { get; set; }

    /// <summary>The script that makes a former primary follow, on its own host.</summary>
    [Parameter(ParameterSetName = Given, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string? RejoinHook { get; set; }

    /// <summary>The CloudNativePG Cluster of the site that returns.</summary>
    [Parameter(ParameterSetName = Given)]
    [ValidateNotNullOrEmpty]
    public string? PostgresCluster { get; set; }

    /// <summary>Who accepts that what only the former primary holds is given up, and why: <c>'name: statement'</c>. Only needed where that may be anything that was committed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? AcceptLoss { get; set; }

    /// <summary>Who vouches that the returning site, which can't be reached, writes nothing, and how that person knows: <c>'name: statement'</c>. It counts only while that site does not answer.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? FormerIsFenced { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var topology = await FindTopologyAsync().ConfigureAwait(false);
        var promotion = ParameterSetName == Given
            ? await AskAsync(FromParameters).ConfigureAwait(false)
            : Returning((await AskAsync(() => RunbookSource.Find(this, Runbook)).ConfigureAwait(false)).Read().Promotion);
        var after = Site == SiteRole.Active ? topology.Swapped() : topology;
        var settings = Settings(after, HandRunbook.Of(ActionTimeout, Bounded(promotion)), FailoverKind.Failover, cancellationToken) with
        {
            OtherIsFenced = FormerIsFenced is { } word ? FailoverInput.Parse(word) : null,
        };
        var recipe = new ReturnStandby(AcceptLoss is { } loss ? FailoverInput.Parse(loss) : null, ActionTimeout);
        if (await RunStepAsync(settings, SiteRole.Active, recipe, cancellationToken).ConfigureAwait(false) && Site == SiteRole.Active)
        {
            EmitWarning(
                $"The topology still names {after.Standby.Name} as the active site. Swap sites.active and sites.standby in its file; until then, Get-DalpTopology -Swapped gives it as it is now. "
                + "A runbook for the way back has its promotion swapped too.");
        }
    }

    // What the operator says now is stronger than what the runbook says.
    private PromotionProcedure Bounded(PromotionProcedure promotion) =>
        MyInvocation.BoundParameters.ContainsKey(nameof(ActionTimeoutSeconds)) ? promotion with { RejoinTimeout = ActionTimeout } : promotion;

    // The recipes look for the Cluster of the site that they act on where the active one's stands.
    private PromotionProcedure Returning(PromotionProcedure promotion) => promotion with { ActiveCluster = Site == SiteRole.Active ? promotion.ActiveCluster : promotion.StandbyCluster };

    private PromotionProcedure FromParameters() => FailoverInput.DatabaseOf(PostgresCluster) with { RejoinHook = PowerShellPath.Resolve(this, RejoinHook!) };
}
