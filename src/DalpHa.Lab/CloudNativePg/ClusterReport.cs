using System.Globalization;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api;
using DalpHa.Lab.Postgres;
using DalpHa.Lab.Seed;
using Npgsql;

namespace DalpHa.Lab.CloudNativePg;

/// <summary>What the operator tells of a cluster in its status, literally.</summary>
internal sealed class ClusterReport(LabSite site, PostgresServer server, TimeProvider time)
{
    private const string Healthy = "Cluster in healthy state";
    private const string Waiting = "Waiting for the instances to become active";

    // On a standby the control file names the timeline of its last checkpoint, the receiver the one that it receives.
    private const string Question = """
        SELECT concat_ws(' ', system.system_identifier, CASE
            WHEN pg_is_in_recovery() THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), checkpoint.timeline_id)
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END)
        FROM pg_control_system() system, pg_control_checkpoint() checkpoint
        """;

    private readonly string begun = Text(time.GetUtcNow());

    public string Now() => Text(time.GetUtcNow());

    public static JsonObject Switching(bool isInProgress) => new() { ["switchReplicaClusterStatus"] = new JsonObject { ["inProgress"] = isInProgress } };

    public static JsonObject Promoting() => new() { ["phase"] = "Promoting to primary cluster", ["phaseReason"] = "Replica cluster promotion in progress" };

    public static JsonObject Refused() => new()
    {
        ["phase"] = "Cluster is unrecoverable and needs manual intervention",
        ["phaseReason"] = "Promotion token content is not correct for current instance",
    };

    /// <summary>Looks at the server.</summary>
    public async Task<JsonObject> ReadAsync(ClusterView cluster, CancellationToken cancellationToken)
    {
        try
        {
            var answer = server.ProcessId is null ? null : (string?)await server.ExecuteAsync(Question, cancellationToken);
            return Of(cluster, answer?.Split(' '));
        }
        catch (NpgsqlException)
        {
            return Of(cluster, null);
        }
    }

    /// <summary>A cluster without pods.</summary>
    public JsonObject Hibernated(ClusterView cluster)
    {
        var status = new JsonObject { ["readyInstances"] = 0 };
        SetConditions(status, cluster, isReady: false, [("cnpg.io/hibernation", true, "Hibernated", "Cluster has been hibernated")]);
        return status;
    }

    private JsonObject Of(ClusterView cluster, string[]? seen)
    {
        var isReady = seen is not null;
        var status = new JsonObject
        {
            ["instances"] = cluster.Instances,
            ["readyInstances"] = isReady ? 1 : 0,
            ["phase"] = isReady ? Healthy : Waiting,
            ["phaseReason"] = isReady ? "" : "Some instances are not yet active. Please wait.",
            ["currentPrimary"] = site.DatabasePod,
            ["targetPrimary"] = site.DatabasePod,
            ["currentPrimaryTimestamp"] = cluster.Status.Text("currentPrimaryTimestamp") ?? begun,
        };
        if (seen is not null)
        {
            status["systemID"] = seen[0];
            status["timelineID"] = int.Parse(seen[1], CultureInfo.InvariantCulture);
        }
        if (cluster.IsSwitching && server.Data.IsStandby)
        {
            // Its end was not written down when it came.
            status["switchReplicaClusterStatus"] = new JsonObject { ["inProgress"] = false };
        }
        SetConditions(status, cluster, isReady, []);
        return status;
    }

    private void SetConditions(JsonObject status, ClusterView cluster, bool isReady, (string Type, bool Holds, string Reason, string Message)[] more)
    {
        (string Type, bool Holds, string Reason, string Message)[] all =
        [
            ("Ready", isReady, isReady ? "ClusterIsReady" : "ClusterIsNotReady", isReady ? "Cluster is Ready" : "Cluster Is Not Ready"),
            ("ContinuousArchiving", true, "ContinuousArchivingSuccess", "Continuous archiving is working"),
            ("LastBackupSucceeded", true, "LastBackupSucceeded", "Backup was successful"),
            .. more,
        ];
        status["conditions"] = new JsonArray([.. all.Select(one => Condition(cluster, one.Type, one.Holds ? "True" : "False", one.Reason, one.Message))]);
    }

    private JsonObject Condition(ClusterView cluster, string type, string status, string reason, string message)
    {
        var before = cluster.Status.Items("conditions").FirstOrDefault(condition => condition.Text("type") == type);
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["reason"] = reason,
            ["message"] = message,
            ["lastTransitionTime"] = before?.Text("status") == status ? before.Text("lastTransitionTime") : Now(),
        };
    }

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
