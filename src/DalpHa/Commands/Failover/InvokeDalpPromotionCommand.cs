using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>Promotes the standby's database, and nothing else: with the gates and the proof of a failover's step 3.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "DalpPromotion", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = Written)]
[OutputType(typeof(DalpActionResult), typeof(DalpCheckResult))]
public sealed class InvokeDalpPromotionCommand : ReleasingStepCommand
{
    private const string Written = "Runbook";
    private const string Given = "Method";

    /// <summary>The runbook that says how. Without it, and without a method, the one that DALPHA_RUNBOOK names, else ./runbook.yaml.</summary>
    [Parameter(ParameterSetName = Written)]
    [ArgumentCompleter(typeof(YamlPathCompleter))]
    [ValidateNotNull]
    public object? Runbook { get; set; }

    /// <summary>How, when there is no runbook.</summary>
    [Parameter(Mandatory = true, ParameterSetName = Given)]
    public PromotionMethod Method { get; set; }

    /// <summary>The server of the topology that is promoted; only needed where the standby has several.</summary>
    [Parameter(ParameterSetName = Given)]
    [ArgumentCompleter(typeof(StandbyServerCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Server { get; set; }

    /// <summary>CloudNativePG: the Cluster's name on the active site.</summary>
    [Parameter(ParameterSetName = Given)]
    [ValidateNotNullOrEmpty]
    public string? ActiveCluster { get; set; }

    /// <summary>CloudNativePG: the Cluster's name on the standby.</summary>
    [Parameter(ParameterSetName = Given)]
    [ValidateNotNullOrEmpty]
    public string? StandbyCluster { get; set; }

    /// <summary>Method Hook: the script that promotes.</summary>
    [Parameter(ParameterSetName = Given)]
    [ValidateNotNullOrEmpty]
    public string? Hook { get; set; }

    /// <summary>Who vouches that an active site that can't be reached serves nobody, and how that person knows: <c>'name: statement'</c>. It counts only while the site does not answer.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ActiveIsGone { get; set; }

    /// <summary>The loss that is accepted, as the age of the oldest commit that may be lost. Without it the topology's RPO bounds it.</summary>
    [Parameter]
    [Duration(0, double.MaxValue)]
    public TimeSpan? MaxDataLoss { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var topology = await FindTopologyAsync().ConfigureAwait(false);
        var promotion = ParameterSetName == Given
            ? await AskAsync(FromParameters).ConfigureAwait(false)
            : (await AskAsync(() => RunbookSource.Find(this, Runbook)).ConfigureAwait(false)).Read().Promotion;
        var settings = Settings(topology, HandRunbook.Of(ActionTimeout, promotion), FailoverKind.Failover, cancellationToken) with
        {
            ActiveIsGone = ActiveIsGone is { } word ? FailoverInput.Parse(word) : null,
            MaxDataLoss = MaxDataLoss,
        };
        await RunStepAsync(settings, SiteRole.Active, new PromoteStep(), cancellationToken).ConfigureAwait(false);
    }

    private PromotionProcedure FromParameters()
    {
        var promotion = new PromotionProcedure(Method) { Server = Server, ActiveCluster = ActiveCluster, StandbyCluster = StandbyCluster, Hook = Hook is null ? null : PowerShellPath.Resolve(this, Hook) };
        string[] missing =
        [
            .. promotion.UsesCloudNativePg && StandbyCluster is null ? ["-StandbyCluster"] : (string[])[],
            .. Method == PromotionMethod.CloudNativePgDistributed && ActiveCluster is null ? ["-ActiveCluster"] : (string[])[],
            .. Method == PromotionMethod.Hook && Hook is null ? ["-Hook"] : (string[])[],
        ];
        return missing.Length == 0 ? promotion : throw new DalpException(
            "PromotionNotNamed", FaultKind.InvalidInput, $"The method {Method} needs {string.Join(" and ", missing)}.", "Give it; or a runbook that has it: -Runbook.", Method);
    }
}
