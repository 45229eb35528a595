using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using DalpHa.Core.Errors;
using DalpHa.Lab.Controllers;
using DalpHa.Lab.Postgres;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace DalpHa.Lab.CloudNativePg;

/// <summary>
/// Stands in for the CloudNativePG operator of one site: an ordinary client of its API that keeps one Cluster of one instance, and whose instance is the lab's
/// real server. It demotes, promotes, fences and hibernates as the operator does, and tells of it in the operator's words. It makes no backups and keeps no
/// archive; the conditions about them are told as they stand in a healthy cluster.
/// </summary>
/// <remarks>Sources: api/v1/cluster_types.go, internal/controller, internal/management/controller, pkg/postgres/configuration.go and pkg/reconciler/replicaclusterswitch of CloudNativePG.</remarks>
internal sealed class CloudNativePgOperator : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PassBound = TimeSpan.FromSeconds(60);

    private readonly LabSite site;
    private readonly IKubernetes client;
    private readonly PostgresPair pair;
    private readonly PostgresServer server;
    private readonly ClusterReport report;
    private readonly ILogger log;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;
    private readonly SemaphoreSlim pass = new(1, 1);
    private bool stoppedByUs;
    private string? refusedToken;

    /// <param name="site">The site.</param>
    /// <param name="client">An administrator's client of its API.</param>
    /// <param name="pair">The database pair.</param>
    /// <param name="server">The site's server of the pair.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public CloudNativePgOperator(LabSite site, IKubernetes client, PostgresPair pair, PostgresServer server, TimeProvider time, ILogger log)
    {
        this.site = site;
        this.client = client;
        this.pair = pair;
        this.server = server;
        this.log = log;
        report = new ClusterReport(site, server, time);
        running = RunAsync(stopping.Token);
    }

    /// <summary>Whether it looks away: what is asked of it then is done when it looks again.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Lets somebody put another instance in the place of its own: the Cluster is a replica afterwards, as one that was built anew from a copy of the primary.</summary>
    /// <param name="other">The site of the primary.</param>
    /// <param name="rebuild">Makes the server follow.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task RebuildAsync(LabSite other, Func<Task> rebuild, CancellationToken cancellationToken)
    {
        await pass.WaitAsync(cancellationToken);
        try
        {
            await ClusterObjects.BecomeReplicaAsync(client, site, other, cancellationToken);
            await rebuild();
            stoppedByUs = false;
        }
        finally
        {
            pass.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        pass.Dispose();
        stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Interval, cancellationToken);
            await pass.WaitAsync(cancellationToken);
            try
            {
                if (!IsPaused)
                {
                    await PassAsync(cancellationToken);
                }
            }
            finally
            {
                pass.Release();
            }
        }
    }

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(PassBound);
        try
        {
            if (await ReadAsync(bound.Token) is { } cluster)
            {
                await ReconcileAsync(cluster, bound.Token);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested
            && exception is HttpOperationException or HttpRequestException or NpgsqlException or DalpException or OperationCanceledException or IOException)
        {
            // Whatever kept it from its work may be gone at the next look.
            log.LogInformation("The operator of {Site} tries again: {Reason}", site.Context, exception.Message);
        }
    }

    private async Task ReconcileAsync(ClusterView cluster, CancellationToken cancellationToken)
    {
        if (cluster.IsHibernated)
        {
            await StopAsync(cancellationToken);
            await DeletePodAsync(cancellationToken);
            await TellAsync(cluster, report.Hibernated(cluster), cancellationToken);
            return;
        }
        await KeepPodAsync(cancellationToken);
        if (cluster.IsFenced)
        {
            await StopAsync(cancellationToken);
            await TellAsync(cluster, await report.ReadAsync(cluster, cancellationToken), cancellationToken);
            return;
        }
        if (cluster.IsReplica && !server.Data.IsStandby)
        {
            await DemoteAsync(cluster, cancellationToken);
        }
        await ConfigureAsync(cluster, cancellationToken);
        await StartAsync(cancellationToken);
        var promotion = !cluster.IsReplica && await PostgresPair.IsInRecoveryAsync(server, cancellationToken) == true
            ? await PromoteAsync(cluster, cancellationToken)
            : null;
        await TellAsync(cluster, promotion ?? await report.ReadAsync(cluster, cancellationToken), cancellationToken);
    }

    // The token tells where a primary stopped that nobody can write to any more; only then does the server come back, as a standby.
    private async Task DemoteAsync(ClusterView cluster, CancellationToken cancellationToken)
    {
        await TellAsync(cluster, ClusterReport.Switching(isInProgress: true), cancellationToken);
        await StopAsync(cancellationToken);
        var control = await server.Data.ReadControlAsync(cancellationToken);
        if (control["Database cluster state"] is not ("shut down" or "shut down in recovery"))
        {
            // It had to be killed, as when its standby does not take what is still to be sent: it must recover before it can be shut down in order.
            await StartAsync(cancellationToken);
            throw new DalpException("ClusterNotShutDown", FaultKind.Unavailable, $"{server.Name} did not shut down in order.", "Mend the link to its standby.", server.Name);
        }
        await TellAsync(cluster, new JsonObject { ["demotionToken"] = DemotionTicket.Write(control) }, cancellationToken);
        await pair.FollowAsync(server, cancellationToken);
        await TellAsync(cluster, ClusterReport.Switching(isInProgress: false), cancellationToken);
    }

    /// <returns>What there is to tell before the promotion is done; null when it is.</returns>
    private async Task<JsonObject?> PromoteAsync(ClusterView cluster, CancellationToken cancellationToken)
    {
        var token = cluster.PromotionToken == cluster.LastPromotionToken ? null : cluster.PromotionToken;
        if (token is not null)
        {
            if (token == refusedToken)
            {
                return [];
            }
            await TellAsync(cluster, ClusterReport.Promoting(), cancellationToken);
            // The control file tells how far the standby is only as of its last checkpoint.
            await server.ExecuteAsync("CHECKPOINT", cancellationToken);
            switch (DemotionTicket.Check(token, await server.Data.ReadControlAsync(cancellationToken)))
            {
                case TicketVerdict.Wait:
                    return ClusterReport.Promoting();
                case TicketVerdict.Refused:
                    refusedToken = token;
                    return ClusterReport.Refused();
            }
        }
        // Not longer than a command may take; a promotion that takes longer goes on by itself, and is waited for again.
        if (await server.ExecuteAsync("SELECT pg_promote(true, 8)", cancellationToken) is not true)
        {
            return token is null ? null : ClusterReport.Promoting();
        }
        var done = await report.ReadAsync(cluster, cancellationToken);
        done["currentPrimaryTimestamp"] = report.Now();
        if (token is not null)
        {
            done["lastPromotionToken"] = token;
        }
        return done;
    }

    // As an instance manager does: the parameters are written down and read again, and nobody else may set any, a superuser neither.
    private async Task ConfigureAsync(ClusterView cluster, CancellationToken cancellationToken)
    {
        var forbids = server.Data.MajorVersion >= 17 ? [KeyValuePair.Create("allow_alter_system", cluster.EnablesAlterSystem ? "on" : "off")] : Array.Empty<KeyValuePair<string, string>>();
        var wanted = PostgresData.Lines([.. cluster.Parameters, .. forbids]);
        if (server.Data.Kept(PostgresData.OperatorFile) != wanted)
        {
            await server.KeepSettingsAsync(PostgresData.OperatorFile, wanted, cancellationToken);
        }
        if (server.Data.MajorVersion < 17)
        {
            server.Data.SetAutoConfWritable(cluster.EnablesAlterSystem);
        }
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        if (server.ProcessId is not null)
        {
            stoppedByUs = true;
            await server.StopAsync(PostgresStopMode.Fast, cancellationToken);
        }
    }

    // Only what was stopped here is started here: a server that a fault has killed stays dead until the fault is undone.
    private async Task StartAsync(CancellationToken cancellationToken)
    {
        if (stoppedByUs)
        {
            await server.StartAsync(cancellationToken);
            stoppedByUs = false;
        }
    }

    private async Task<ClusterView?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await client.CustomObjects.GetNamespacedCustomObjectAsync(
                ClusterDefinition.Group, ClusterDefinition.Version, LabSite.Namespace, ClusterDefinition.Plural, site.DatabaseCluster, cancellationToken);
            return JsonSerializer.SerializeToNode(found) is JsonObject content ? new ClusterView(content) : null;
        }
        catch (HttpOperationException exception) when (exception.Response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private async Task TellAsync(ClusterView cluster, JsonObject status, CancellationToken cancellationToken)
    {
        var news = new JsonObject(status.Where(field => !JsonNode.DeepEquals(field.Value, cluster.Status[field.Key])).Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())));
        if (news.Count == 0)
        {
            return;
        }
        await client.CustomObjects.PatchNamespacedCustomObjectStatusAsync(
            MergePatch.Of(new JsonObject { ["status"] = news }.ToJsonString()),
            ClusterDefinition.Group,
            ClusterDefinition.Version,
            LabSite.Namespace,
            ClusterDefinition.Plural,
            site.DatabaseCluster,
            cancellationToken: cancellationToken);
        foreach (var (name, value) in news)
        {
            cluster.Content["status"] ??= new JsonObject();
            cluster.Content["status"]![name] = value?.DeepClone();
        }
    }

    private async Task KeepPodAsync(CancellationToken cancellationToken)
    {
        var wanted = WorkloadManifests.Database(site);
        try
        {
            var pod = await client.CoreV1.ReadNamespacedPodAsync(site.DatabasePod, LabSite.Namespace, cancellationToken: cancellationToken);
            if (wanted.Metadata.Labels.Any(label => pod.GetLabel(label.Key) != label.Value))
            {
                var labels = new V1Pod { Metadata = new V1ObjectMeta { Labels = wanted.Metadata.Labels } };
                await client.CoreV1.PatchNamespacedPodAsync(MergePatch.Of(labels), site.DatabasePod, LabSite.Namespace, cancellationToken: cancellationToken);
            }
        }
        catch (HttpOperationException exception) when (exception.Response.StatusCode == HttpStatusCode.NotFound)
        {
            await client.CoreV1.CreateNamespacedPodAsync(wanted, LabSite.Namespace, cancellationToken: cancellationToken);
        }
    }

    private async Task DeletePodAsync(CancellationToken cancellationToken)
    {
        try
        {
            await client.CoreV1.DeleteNamespacedPodAsync(site.DatabasePod, LabSite.Namespace, cancellationToken: cancellationToken);
        }
        catch (HttpOperationException exception) when (exception.Response.StatusCode == HttpStatusCode.NotFound)
        {
            // It is gone already.
        }
    }
}
