using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>Whether the active site can write: the gate before promotion and before anything that must not run twice.</summary>
internal static class ActiveFence
{
    /// <summary>The gate's name among the preconditions.</summary>
    public const string Name = "ActiveFenced";

    /// <summary>Measures it now: one finding for the writers, one for each database server, and one for the validators once the standby's may sign.</summary>
    public static async Task<IReadOnlyList<Precondition>> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        var fence = SiteFence.OfActive(world);
        var writers = fence.WritersAsync(cancellationToken);
        var databases = fence.DatabasesAsync(cancellationToken);
        var validators = ValidatorsOnceBegunAsync(world, cancellationToken);
        return [Of(world, await writers.ConfigureAwait(false)), .. await validators.ConfigureAwait(false), .. (await databases.ConfigureAwait(false)).Select(finding => Of(world, finding))];
    }

    /// <summary>Measures the writers alone: before a planned promotion the databases are frozen as a part of it.</summary>
    public static async Task<IReadOnlyList<Precondition>> MeasureWritersAsync(FailoverWorld world, CancellationToken cancellationToken) =>
    [
        Of(world, await SiteFence.OfActive(world).WritersAsync(cancellationToken).ConfigureAwait(false)),
        .. await ValidatorsOnceBegunAsync(world, cancellationToken).ConfigureAwait(false),
    ];

    /// <summary>
    /// Looks that nothing is left there which writes or signs, whatever runs it: pods of no workload and those of a DaemonSet have no count that could be set to 0, and a
    /// database that was frozen may have been let go while pods were waited for.
    /// </summary>
    /// <param name="world">Both sites.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="excused">Of what somebody's word is enough; null where it is of all that is silent.</param>
    public static FailoverAction SeeNothingLeft(FailoverWorld world, TimeSpan timeout, IReadOnlyCollection<string>? excused = null) => new()
    {
        Name = $"See that nothing writes or signs on {world.Active.Name}",
        Site = world.Active.Name,
        Outcome = "no pod is left of what writes to the database or the chain, or signs blocks, and no database takes writes",
        LookAsync = async cancellationToken =>
        {
            var fence = SiteFence.OfActive(world);
            Finding[] findings =
            [
                await fence.WritersAsync(cancellationToken).ConfigureAwait(false),
                await fence.SignersAsync(WorkloadRole.Validator, cancellationToken).ConfigureAwait(false),
                .. world.Active.Site.Database is { Servers.Count: > 0 } ? await fence.DatabasesAsync(cancellationToken).ConfigureAwait(false) : [],
            ];
            return findings.FirstOrDefault(finding => finding.Status != CheckStatus.Pass && !(finding.Status == CheckStatus.Warn && excused?.Contains(finding.Target) != false)) is { } left
                ? Sighting.NotYet($"{left.Observed}. {left.Detail} {left.Remediation}")
                : Sighting.Yes(string.Join(" ", findings.Select(finding => $"{finding.Target}: {finding.Observed}. {finding.Detail}".TrimEnd())));
        },
        ActAsync = _ => Task.CompletedTask,
        Timeout = timeout,
    };

    /// <summary>What stands for the writers, and for the validators once the standby's may sign, of a cluster that could not be read.</summary>
    public static IReadOnlyList<Precondition> Unseen(FailoverWorld world, DalpException exception)
    {
        var fence = SiteFence.OfActive(world);
        return [Of(world, fence.Unseen("writers", exception)), .. MustNotSign(world) ? [new Precondition(Name, fence.Unseen("validators", exception))] : (IEnumerable<Precondition>)[]];
    }

    // The chain needs them until the step that stops them. Where the topology names none, nobody could see one.
    private static async Task<IReadOnlyList<Precondition>> ValidatorsOnceBegunAsync(FailoverWorld world, CancellationToken cancellationToken) =>
        MustNotSign(world)
            ? [new Precondition(Name, await SiteFence.OfActive(world).SignersAsync(WorkloadRole.Validator, cancellationToken).ConfigureAwait(false))]
            : [];

    private static bool MustNotSign(FailoverWorld world) => world.HasBegunValidators && world.Topology.Workloads.Any(rule => rule.Role == WorkloadRole.Validator);

    // What can't be seen is assumed of nobody.
    private static Precondition Of(FailoverWorld world, Finding finding) => new(Name, world.AssumesFreeze && finding.Status == CheckStatus.Fail
        ? Finding.Warn(
            finding.Site, finding.Target, $"{finding.Observed} now", finding.Expected, $"People freeze it, and it is assumed here that they have. It is looked at before the step begins.",
            "Freeze it as the runbook says.")
        : finding);

    /// <summary>Whether a workload writes to the database or the chain.</summary>
    public static bool Writes(this WorkloadRule rule) => rule.Role is WorkloadRole.Writer or WorkloadRole.Signer;
}
