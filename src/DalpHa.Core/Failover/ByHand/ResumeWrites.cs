using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>The way back from the step <c>freeze</c>: the database takes writes, and the writers that were stopped start again with their counts. Acts on the world's active site.</summary>
/// <param name="timeout">How long each outcome may take.</param>
public sealed class ResumeWrites(TimeSpan timeout) : IStepRecipe
{
    /// <inheritdoc/>
    public string Name => "resume writes";

    /// <inheritdoc/>
    public async Task<FailoverStep> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var site = world.Active;
        var database = SiteDatabase.OfActive(world, timeout);
        var fence = OtherFence.DatabasesAsync(world, cancellationToken);
        var role = SiteRoleOf.MeasureAsync(site, cancellationToken);
        try
        {
            var workloads = await SiteWorkloads.ReadAsync(site, world.Topology, timeout, cancellationToken).ConfigureAwait(false);
            // A writer without a note was not running when writes were suspended, or was started again since.
            var stopped = workloads.All.Where(one => one.Rule.Writes() && (one.Workload.Desired > 0 || one.Workload.RememberedReplicas > 0))
                .Select(one => (one.Rule, one.Workload, Replicas: StartConditions.CountOf(one.Rule, one.Workload, null)!.Value)).ToList();
            var resuming = workloads.CronJobs.Where(one => one.Rule.Writes() && one.CronJob.IsRemembered).ToList();
            return new FailoverStep
            {
                Name = Name,
                Measured = $"{site.Name}: {Wording.Count(stopped.Count + resuming.Count, "writer")} to run.",
                Preconditions =
                [
                    .. await fence.ConfigureAwait(false),
                    .. await OtherFence.SignersAsync(world, stopped.Select(one => one.Rule).Concat(resuming.Select(one => one.Rule)), cancellationToken).ConfigureAwait(false),
                    new Precondition("DatabaseIsPrimary", await role.ConfigureAwait(false)),
                    .. await StartConditions.CapacityAsync(site, [.. stopped.Select(one => (one.Workload, one.Replicas))], cancellationToken).ConfigureAwait(false),
                ],
                Stages =
                [
                    [.. (site.Site.Database?.Servers ?? []).Select(database.Thaw)],
                    .. workloads.Start(stopped),
                    [.. resuming.Select(one => workloads.Resume(one.CronJob))],
                ],
            };
        }
        catch (DalpException exception)
        {
            return SiteUnseen.Step(Name, site, exception);
        }
    }
}
