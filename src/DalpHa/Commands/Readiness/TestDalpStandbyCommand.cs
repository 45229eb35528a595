using System.Management.Automation;
using DalpHa.Completion;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Readiness;

/// <summary>Tells whether the standby is warm: one object per finding, one verdict, or a Boolean.</summary>
[Cmdlet(VerbsDiagnostic.Test, "DalpStandby")]
[OutputType(typeof(DalpCheckResult), typeof(DalpVerdict), typeof(bool))]
public sealed class TestDalpStandbyCommand : TopologyCommand
{
    private const string Activity = "Looking at the standby";

    /// <summary>Runs only the checks of these names.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CheckNameCompleter))]
    public string[]? Check { get; set; }

    /// <summary>Whose account looks: a Reader is not asked for the permissions of a failover.</summary>
    [Parameter]
    public DalpAccount Account { get; set; } = DalpAccount.Operator;

    /// <summary>Gives only True or False: True when nothing failed and nothing is unknown.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Gives only the verdict over all findings.</summary>
    [Parameter]
    public SwitchParameter Summary { get; set; }

    /// <summary>Who logs in to the databases of both sites.</summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    public PSCredential? DatabaseCredential { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(DalpTopology topology, CancellationToken cancellationToken)
    {
        if (Quiet && Summary)
        {
            throw new DalpException(
                "QuietAndSummary", FaultKind.InvalidInput, "-Quiet and -Summary exclude each other.", "Give -Quiet for a Boolean, or -Summary for the verdict.");
        }
        var checks = ReadinessChecks.Select(Check);
        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        var login = DatabaseCredential is { } credential ? new DatabaseLogin(credential.UserName, credential.GetNetworkCredential().Password) : null;
        var memory = new ReplicationMemory(ReplicationMemory.DefaultFolder, EmitWarning);
        var session = await ReadinessSession
            .OpenAsync(InfrastructureContext.Infrastructure, topology, login, Account, memory, Timeout, time, cancellationToken).ConfigureAwait(false);
        await using var closing = session.ConfigureAwait(false);
        var results = new List<DalpCheckResult>();
        await foreach (var result in session.RunAsync(checks, cancellationToken).ConfigureAwait(false))
        {
            results.Add(result);
            ShowProgress(topology, results, checks.Count);
            if (!Quiet && !Summary)
            {
                Emit(result);
            }
        }
        EmitProgress(new ProgressRecord(0, Activity, "Done") { RecordType = ProgressRecordType.Completed });
        if (Quiet)
        {
            Emit(VerdictRule.IsReliable(results));
        }
        else if (Summary)
        {
            Emit(VerdictRule.Decide(topology.Name, results, ReadinessChecks.LeftOut(checks), time.GetElapsedTime(start), time.GetUtcNow()));
        }
    }

    private void ShowProgress(DalpTopology topology, List<DalpCheckResult> results, int checks)
    {
        var answered = results.Select(result => result.Check).Distinct().Count();
        EmitProgress(new ProgressRecord(0, Activity, $"{topology.Name}: {answered} of {checks} checks have answered")
        {
            PercentComplete = 100 * answered / checks,
        });
    }
}
