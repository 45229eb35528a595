using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>
/// What must hold before a planned hand-over goes on: both sites answer, the active one has the primary, and the standby streams from it and is close. Whoever must
/// change the roles without that has a failover, and is told to declare it so.
/// </summary>
public static class PlannedConditions
{
    /// <summary>The gate's name among the preconditions.</summary>
    public const string Name = "BothSitesWell";

    private const string DeclareIt = "Mend it first. If the roles must change now all the same, that is a failover: declare it so (-Kind Failover).";

    /// <summary>Measures it now.</summary>
    internal static async Task<IReadOnlyList<Precondition>> MeasureAsync(FailoverWorld world, PromotionCandidate candidate, CancellationToken cancellationToken)
    {
        var clusters = Task.WhenAll(new[] { world.Active, world.Standby }.Select(site => AnswersAsync(site, cancellationToken)));
        var isBegun = await BegunAsync(world, cancellationToken).ConfigureAwait(false);
        var databases = isBegun
            ? [Finding.Pass(world.Active.Name, "database", "demoted for this hand-over", "a primary")]
            : new[] { await PrimaryAsync(world, candidate, cancellationToken).ConfigureAwait(false), JudgeStandby(world.Standby.Name, candidate.Server.Name, candidate.Lag, candidate.IsPromoted) };
        var promotion = world.Runbook.StepOf(FailoverSteps.Promote).Manual is null || candidate.IsPromoted ? [] : new[] { ByPeople(world, candidate) };
        return
        [
            .. (await clusters.ConfigureAwait(false)).Concat(databases).Concat(promotion).Select(finding => new Precondition(Name, finding)),
            .. await SoleWriter.MeasureAsync(world, cancellationToken).ConfigureAwait(false),
            // A primary that its operator stops needs no freeze, and one that has handed over has had its own.
            .. isBegun || candidate.IsPromoted || Promotions.For(world, TimeSpan.Zero).StopsTheActive
                ? []
                : await FreezeConditions.MeasureAsync(world.Active, world.Topology.Thresholds.Lag.Warn, cancellationToken).ConfigureAwait(false),
        ];
    }

    // That nothing is lost rests on the drain, right before the promotion: what DalpHa does not promote it can't promise that of.
    private static Finding ByPeople(FailoverWorld world, PromotionCandidate candidate) => Finding.Fail(
        world.Standby.Name, candidate.Server.Name, "promoted by people", "promoted by DalpHa, or by its hook",
        "The runbook gives the step promote to people, and nobody would see that the standby has everything before they do it.",
        "Take 'manual' from the step promote of the runbook (promotion.hook lets a script do it); or declare a failover: -Kind Failover.");

    /// <summary>Whether a standby is close enough for a planned promotion to take moments only.</summary>
    /// <param name="site">Its site.</param>
    /// <param name="server">Its name.</param>
    /// <param name="lag">Its lag as measured; null when it was not.</param>
    /// <param name="isPromoted">Whether it is a primary already.</param>
    public static Finding JudgeStandby(string site, string server, DalpReplicationLag? lag, bool isPromoted)
    {
        const string Expected = "streams, and is close";
        if (isPromoted)
        {
            return Finding.Pass(site, server, "promoted already", Expected);
        }
        return lag switch
        {
            null or { Link: ReplicationLink.Unknown } or { Status: CheckStatus.Unknown } => Finding.Unknown(site, server, "can't be seen", Expected, lag?.Detail ?? "Its lag was not measured.", DeclareIt),
            { Link: not ReplicationLink.Streaming } => Finding.Fail(site, server, lag.Link.ToString(), Expected, lag.Detail, DeclareIt),
            { LagTime: null } => Finding.Unknown(site, server, "its lag is not known", Expected, lag.Detail, DeclareIt),
            { Status: CheckStatus.Fail } => Finding.Fail(site, server, "is not well", Expected, lag.Detail, DeclareIt),
            { LagTime: { } time } when time > lag.Threshold.Warn => Finding.Fail(
                site, server, $"{Wording.Duration(time)} behind", Expected, $"Everybody who writes would wait until it has caught up; {Wording.Duration(lag.Threshold.Warn)} are allowed. {lag.Detail}", DeclareIt),
            { Status: CheckStatus.Warn } => Finding.Warn(site, server, "streams, with a warning", Expected, lag.Detail, "Look at it before you go on: Get-DalpReplicationLag."),
            _ => Finding.Pass(site, server, "streams", Expected, lag.Detail),
        };
    }

    /// <summary>Refuses what only a failover may bring.</summary>
    /// <exception cref="DalpException">A loss was accepted, or somebody vouches for a site that does not answer (<c>PlannedLosesNothing</c>).</exception>
    internal static void RequireNoExcuse(FailoverKind kind, TimeSpan? maxDataLoss, Attestation? activeIsGone)
    {
        if (kind.IsPlanned() && (maxDataLoss is not null || activeIsGone is not null))
        {
            throw new DalpException(
                "PlannedLosesNothing",
                FaultKind.InvalidInput,
                $"A {kind} loses nothing and needs both sites: {(maxDataLoss is not null ? "-MaxDataLoss" : "-ActiveIsGone")} does not go with it.",
                "Leave it out; or, if the active site is failing, declare a failover: -Kind Failover.",
                kind);
        }
    }

    private static async Task<Finding> AnswersAsync(FailoverSite site, CancellationToken cancellationToken)
    {
        const string Expected = "answers";
        try
        {
            await site.Cluster.ListPodsAsync(site.Namespace, cancellationToken).ConfigureAwait(false);
            return Finding.Pass(site.Name, "cluster", Expected, Expected);
        }
        catch (DalpException exception)
        {
            return Finding.Unknown(site.Name, "cluster", "can't be seen", Expected, exception.Message, DeclareIt);
        }
    }

    // After the promotion the former primary is whatever it is: that it can't write is another gate's.
    private static async Task<Finding> PrimaryAsync(FailoverWorld world, PromotionCandidate candidate, CancellationToken cancellationToken)
    {
        var role = await SiteRoleOf.MeasureAsync(world.Active, cancellationToken).ConfigureAwait(false);
        return role.Status switch
        {
            CheckStatus.Pass => role,
            CheckStatus.Fail when candidate.IsPromoted => Finding.Pass(role.Site, role.Target, role.Observed, "in recovery, or a primary that can't write"),
            _ => role with { Remediation = DeclareIt },
        };
    }

    // Between the demotion and the promotion neither side is a primary, and no lag can be measured.
    private static async Task<bool> BegunAsync(FailoverWorld world, CancellationToken cancellationToken)
    {
        try
        {
            return await Promotions.For(world, world.Runbook.StepOf(FailoverSteps.Promote).Timeout).IsUnderWayAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException)
        {
            // Then it counts as not begun, and the rest is asked of it.
            return false;
        }
    }
}
