using System.Text.Json.Nodes;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>The CronJobs of one cluster: <c>batch/v1</c>, or <c>batch/v1beta1</c> where the API server is older than 1.21. What DalpHa reads of them is the same in both.</summary>
internal sealed class CronJobs(ApiClient client)
{
    private const string Resource = "cronjobs";

    private static readonly string[] Versions = ["batch/v1", "batch/v1beta1"];

    // The one that answered last is asked first.
    private volatile string served = Versions[0];

    /// <summary>Lists them; none where the server knows neither version: it has no such kind, and so nothing starts one.</summary>
    public async Task<IReadOnlyList<CronJob>> ListAsync(string @namespace, CancellationToken cancellationToken)
    {
        foreach (var version in Order())
        {
            try
            {
                var found = await client.ListAsync(ApiRequest.List(version, Resource, @namespace), WireJson.Default.CronJobs, WorkloadReading.ToCronJob, cancellationToken).ConfigureAwait(false);
                served = version;
                return found;
            }
            catch (DalpException exception) when (exception.ErrorId == "ApiNotFound")
            {
                // A list of what is served is empty, and never not found.
            }
        }
        return [];
    }

    /// <summary>Suspends one, or lets it start Jobs, by a patch of the version of it that was read.</summary>
    public async Task SetSuspendedAsync(string @namespace, string name, bool suspended, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (version, found) = await FindAsync(@namespace, name, cancellationToken).ConfigureAwait(false);
            if (PatchOf(found, suspended) is not { } patch)
            {
                return;
            }
            try
            {
                await client.WriteAsync(ApiWrite<WireCronJob>.Merge(version, Resource, @namespace, name, patch), WireJson.Default.WireCronJob, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (DalpException exception) when (exception.ErrorId == "ApiConflict" && attempt < KubernetesControl.Rereads)
            {
                // Its controller writes its status at any time: the patch is made again of what is there now.
            }
        }
    }

    // What was suspended before keeps no note, so that nobody takes it for DalpHa's.
    private static JsonObject? PatchOf(WireCronJob found, bool suspended)
    {
        var (isSuspended, isRemembered) = (found.Spec?.Suspend == true, WorkloadReading.ToCronJob(found).IsRemembered);
        return (suspended ? isSuspended : !isSuspended && !isRemembered) ? null : new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = found.Metadata.ResourceVersion,
                ["annotations"] = new JsonObject { [WorkloadReading.RememberedSuspend] = suspended ? "false" : null },
            },
            ["spec"] = new JsonObject { ["suspend"] = suspended },
        };
    }

    private async Task<(string Version, WireCronJob Found)> FindAsync(string @namespace, string name, CancellationToken cancellationToken)
    {
        foreach (var version in Order())
        {
            if (await client.FindAsync(ApiRequest.Get(version, Resource, @namespace, name), WireJson.Default.WireCronJob, cancellationToken).ConfigureAwait(false) is { } found)
            {
                return (version, found);
            }
        }
        throw new DalpException("CronJobNotFound", FaultKind.NotFound, $"Namespace '{@namespace}' has no CronJob '{name}'.", "Correct the name.", name);
    }

    private IEnumerable<string> Order() => Versions.OrderByDescending(version => version == served);
}
