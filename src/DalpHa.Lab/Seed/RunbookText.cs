using System.Globalization;
using DalpHa.Core.Lab;

namespace DalpHa.Lab.Seed;

/// <summary>The lab's <c>runbook.yaml</c>: how the platform of its topology fails over, with the promotion that its databases take.</summary>
internal static class RunbookText
{
    private static readonly TimeSpan Reviewed = TimeSpan.FromDays(90);

    public static string Of(string name, LabSite active, LabSite standby, LabDatabaseKind kind, DateTimeOffset now) => $"""
        # How a DalpHa lab fails over: to rehearse with, and to learn from. Nobody's production depends on it.
        apiVersion: dalpha.runbook/v1
        name: Failover of {name}
        version: "1"
        date: {Day(now)}
        reviewBy: {Day(now + Reviewed)}

        decisionOwner: Lab decision owner
        communicationPath:
          - "Say it aloud: everybody of a lab sits in one room"
        backupRecoveryRunbook: "None: stop the lab and start another (Stop-DalpLab, Start-DalpLab)"

        promotion:
        {Promotion(active, standby, kind)}
          rejoinHook: ./{LabFolder.RejoinHookName}

        steps:
          freeze:
            owner: Lab database operator
            stopCondition: Stop when writes on {active.Region} are not seen to end, and nobody vouches that it is gone.
            expected: 30s
            timeout: 1m
          confirm:
            owner: Lab database operator
            stopCondition: Stop when the standby's database is not usable, or would lose more than was accepted.
            expected: 30s
            timeout: 1m
          promote:
            owner: Lab database operator
            stopCondition: Stop when the database is not seen to take a write. Do not promote a second time.
            expected: 30s
            timeout: 1m
          workloads:
            owner: Lab platform operator
            stopCondition: Stop when a workload is not ready in time.
            expected: 1m
            timeout: 1m
          validators:
            owner: Lab validator operator
            stopCondition: Stop when the former validators and the signer are not proven down.
            expected: 2m
            manual: See that no validator and no signer of {active.Region} runs. Only then scale up besu-validator on {standby.Region}, and dalp-txsigner last.
          traffic:
            owner: Lab network operator
            stopCondition: Stop when a route of {standby.Region} does not answer.
            expected: 1m
            manual: Nothing to do in a lab, whose names resolve nowhere. Say that you would switch the routes now.
          validate:
            owner: Lab platform operator
            stopCondition: Stop when a workload is not ready, or rows are missing that were acknowledged.
            expected: 2m
            manual: Look at (Get-DalpLab {name}).Sites and at the pods of {standby.Region}.
          isolate:
            owner: Lab platform operator
            stopCondition: Stop when {active.Region} takes a write or runs a workload.
            expected: 30s
            timeout: 1m

        validationChecks:
          - "Writes: the rows that {standby.Region} has acknowledged increase."
        rollbackConditions:
          - The promoted database takes no writes.

        """;

    private static string Promotion(LabSite active, LabSite standby, LabDatabaseKind kind) => kind switch
    {
        LabDatabaseKind.CloudNativePg => Managed("cloudNativePgDistributed", active, standby),
        LabDatabaseKind.CloudNativePgReplica => Managed("cloudNativePgReplica", active, standby),
        _ => $"""
              method: selfRun
              server: {standby.DatabasePod}
            """,
    };

    private static string Managed(string method, LabSite active, LabSite standby) => $"""
          method: {method}
          activeCluster: {active.DatabaseCluster}
          standbyCluster: {standby.DatabaseCluster}
          server: {standby.DatabasePod}
        """;

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
