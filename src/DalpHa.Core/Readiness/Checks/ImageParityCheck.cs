using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>
/// The standby runs, or would start, the very images of the active: the same name, the same tag and, where both run, the same digest.
/// A workload that is staged at zero has pulled nothing, so its digest can't be seen; the finding says how many were compared by name only.
/// </summary>
public sealed class ImageParityCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public string Name => "ImageParity";

    /// <inheritdoc/>
    public string Description => "Each container's image is the same on both sites, by name, tag and digest.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Asked for with the others, and awaited last: whoever may not list them is told of the rest.
        var (activeCronJobs, standbyCronJobs) = (context.Active.CronJobs, context.Standby.CronJobs);
        var (active, standby) = (context.Active.Workloads, context.Standby.Workloads);
        var (activePods, standbyPods) = (context.Active.Pods, context.Standby.Pods);
        var standbyWorkloads = await standby.WaitAsync(cancellationToken).ConfigureAwait(false);
        var pairs = (await active.WaitAsync(cancellationToken).ConfigureAwait(false))
            .Where(workload => context.Topology.RuleFor(workload)?.Standby != StandbyMode.Absent)
            .SelectMany(workload => standbyWorkloads.Counterpart(workload) is { } counterpart ? [(Active: workload, Standby: counterpart)] : Array.Empty<(Workload Active, Workload Standby)>())
            .ToList();
        var runningOnActive = await activePods.WaitAsync(cancellationToken).ConfigureAwait(false);
        var runningOnStandby = await standbyPods.WaitAsync(cancellationToken).ConfigureAwait(false);

        var comparison = new Comparison(context);
        foreach (var (left, right) in pairs)
        {
            foreach (var finding in comparison.Of(left.Target, left.Containers, right.Containers, left.LivePods(runningOnActive), right.LivePods(runningOnStandby), left.Desired > 0 && right.Desired > 0))
            {
                yield return finding;
            }
        }
        var scheduled = await standbyCronJobs.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var left in (await activeCronJobs.WaitAsync(cancellationToken).ConfigureAwait(false)).Where(cronJob => context.Topology.RuleFor(cronJob)?.Standby != StandbyMode.Absent))
        {
            // Its pods come and go, and as a rule none runs on both sites.
            foreach (var finding in scheduled.Counterpart(left) is { } right ? comparison.Of(left.Target, left.Containers, right.Containers, [], [], false) : [])
            {
                yield return finding;
            }
        }
        var (problems, seen, unseen, usedPairs) = (comparison.Problems, comparison.Seen, comparison.Unseen, comparison.UsedPairs);
        foreach (var stale in context.Topology.Registries.Except(usedPairs))
        {
            problems++;
            yield return SiteSpecifics.Stale("images: registries", stale.ToString());
        }
        if (seen + unseen == 0)
        {
            yield return Finding.Unknown(
                context.Standby.Name, "images", "nothing to compare", "equal images", "The sites have no workload of the same kind and name.",
                "See what StandbyWorkloads says, and deploy the standby.");
        }
        else if (problems == 0)
        {
            yield return Finding.Pass(
                context.Standby.Name,
                "images",
                $"{seen} equal by digest" + (unseen > 0 ? $", {unseen} by tag" : ""),
                "equal images",
                string.Join(
                    ' ',
                    new[]
                    {
                        unseen > 0 ? $"{Wording.Count(unseen, "container")} of CronJobs, or of workloads staged at zero, run nowhere on the standby: their digests can't be seen, name and tag are equal." : "",
                        SiteSpecifics.LeftOut(usedPairs.Select(pair => $"registry {pair}").ToList()),
                    }.Where(sentence => sentence.Length > 0)));
        }
    }

    // What was compared so far.
    private sealed class Comparison(ReadinessContext context)
    {
        public int Problems { get; private set; }

        public int Seen { get; private set; }

        public int Unseen { get; private set; }

        public HashSet<RegistryPair> UsedPairs { get; } = [];

        public IEnumerable<Finding> Of(
            string target, IReadOnlyList<ContainerTemplate> active, IReadOnlyList<ContainerTemplate> standby, IReadOnlyList<Pod> activePods, IReadOnlyList<Pod> standbyPods, bool bothShouldRun)
        {
            foreach (var name in active.Concat(standby).Select(container => container.Name).Distinct(StringComparer.Ordinal))
            {
                var pair = new ContainerPair(
                    context.Standby.Name,
                    $"{target}/{name}",
                    active.FirstOrDefault(container => container.Name == name),
                    standby.FirstOrDefault(container => container.Name == name),
                    PulledImages.Of(name, activePods),
                    PulledImages.Of(name, standbyPods),
                    bothShouldRun,
                    context.Topology.Registries);
                if (pair.Judge() is { } finding)
                {
                    Problems++;
                    yield return finding;
                }
                if (pair.UsedPair is { } used)
                {
                    UsedPairs.Add(used);
                }
                _ = pair.IsDigestSeen ? Seen++ : Unseen++;
            }
        }
    }

    private sealed record ContainerPair(
        string Site,
        string Target,
        ContainerTemplate? Active,
        ContainerTemplate? Standby,
        PulledImages ActivePulled,
        PulledImages StandbyPulled,
        bool BothShouldRun,
        IReadOnlyList<RegistryPair> Registries)
    {
        private const string Redeploy = "Deploy the standby with the images of the active, best pinned by digest.";

        public bool IsDigestSeen => Digest(Active, ActivePulled).Count > 0 && Digest(Standby, StandbyPulled).Count > 0;

        /// <summary>The pair of registries by which the topology lets the two images differ; null when it does not.</summary>
        public RegistryPair? UsedPair => Active is null || Standby is null
            ? null
            : Registries.FirstOrDefault(pair => IsRegistry(Active, pair.Active) && IsRegistry(Standby, pair.Standby));

        public Finding? Judge()
        {
            if (Active is null || Standby is null)
            {
                return Fail(
                    Standby is null ? "no such container" : "extra container", Standby is null ? "the active's container" : "no such container",
                    "The workload's template is another one than on the active.");
            }
            var (active, standby) = (ImageReference.Parse(Active.Image), ImageReference.Parse(Standby.Image));
            if (active.Repository != standby.Repository)
            {
                return Fail(standby.Repository, active.Repository, $"The active runs {active}, the standby {standby}.");
            }
            if (active.Tag != standby.Tag || (active.Digest is not null && standby.Digest is not null && active.Digest != standby.Digest))
            {
                return Fail(standby.Version, active.Version, $"The active runs {active}, the standby {standby}.");
            }
            return JudgeDigests(active, standby) ?? JudgeRegistries(active, standby);
        }

        private Finding? JudgeDigests(ImageReference active, ImageReference standby)
        {
            var (left, right) = (Digest(Active!, ActivePulled), Digest(Standby!, StandbyPulled));
            if (left.Count == 0 || right.Count == 0)
            {
                if (BothShouldRun)
                {
                    return Finding.Unknown(
                        Site, Target, "no digest", "equal digest", "It should run on both sites, and on one of them no node tells what it has pulled.",
                        "Make sure that the pods start, and check again.");
                }
                return active.IsFloating || standby.IsFloating
                    ? Finding.Warn(
                        Site, Target, ":latest, not running", "a fixed version",
                        "The tag moves and nothing has been pulled on one side: nobody knows what a failover would start.", "Pin the image by tag or digest.")
                    : null;
            }
            if (left.SetEquals(right))
            {
                return null;
            }
            if (ActivePulled.IsLocalId != StandbyPulled.IsLocalId && active.Digest is null && standby.Digest is null)
            {
                return Finding.Unknown(
                    Site, Target, "digests not comparable", "equal digest", "One site's container runtime tells the registry's digest and the other's only its local image id.",
                    "Pin the image by digest on both sites.");
            }
            return left.Overlaps(right)
                ? Finding.Warn(
                    Site, Target, Wording.List(right.Select(ImageReference.Short), 2), Wording.List(left.Select(ImageReference.Short), 2),
                    "A side runs several images under one name: a rollout is under way, or the tag was moved.", "Wait for the rollout to end, and check again.")
                : Fail(
                    Wording.List(right.Select(ImageReference.Short), 1), Wording.List(left.Select(ImageReference.Short), 1),
                    $"Both sites name {active.Repository}{active.Version}, and run different images: the tag was moved between the two pulls.");
        }

        private static bool IsRegistry(ContainerTemplate container, string registry) =>
            string.Equals(ImageReference.Parse(container.Image).Registry, ImageReference.RegistryOf(registry), StringComparison.OrdinalIgnoreCase);

        private Finding? JudgeRegistries(ImageReference active, ImageReference standby) => active.Registry == standby.Registry || UsedPair is not null
            ? null
            : Finding.Warn(
                Site, Target, standby.Registry, active.Registry,
                IsDigestSeen ? "The images come from different registries; what runs has the same digest." : "The images come from different registries, and the digest can't be compared while nothing runs.",
                "Make sure that the standby's registry works without the active region and holds the same images; then name the pair in the topology (images: registries).");

        private Finding Fail(string observed, string expected, string detail) => Finding.Fail(Site, Target, observed, expected, detail, Redeploy);

        // What runs decides; a reference that pins its digest tells it even while nothing runs.
        private static HashSet<string> Digest(ContainerTemplate? template, PulledImages pulled) =>
            pulled.Digests.Count > 0 ? pulled.Digests
            : template is not null && ImageReference.Parse(template.Image).Digest is { } pinned ? [pinned]
            : [];
    }

    private sealed record PulledImages(HashSet<string> Digests, bool IsLocalId)
    {
        public static PulledImages Of(string container, IReadOnlyList<Pod> pods)
        {
            var states = pods.Where(pod => !pod.IsDeleting).SelectMany(pod => pod.Containers).Where(state => state.Name == container && state.Digest is not null).ToList();
            return new PulledImages(states.Select(state => state.Digest!).ToHashSet(StringComparer.Ordinal), states.Any(state => !state.ImageId!.Contains('@')));
        }
    }
}
