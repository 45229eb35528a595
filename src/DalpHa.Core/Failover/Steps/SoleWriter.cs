using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>
/// Whether both sites take writes. Then there are two histories, and whichever is stopped, what it has taken is on nobody else's disk: no lag bounds that. DalpHa measures
/// it; which of the two goes on, people decide.
/// </summary>
internal static class SoleWriter
{
    /// <summary>The gate's name among the preconditions.</summary>
    public const string Name = "OneSiteWrites";

    /// <summary>Measures it now. Nothing where at most one of them is seen to take writes; what can't be seen is another gate's.</summary>
    public static async Task<IReadOnlyList<Precondition>> MeasureAsync(FailoverWorld world, CancellationToken cancellationToken) =>
        await WriterAsync(world.Standby, cancellationToken).ConfigureAwait(false) is { } there && await WriterAsync(world.Active, cancellationToken).ConfigureAwait(false) is { } here
            ? [new Precondition(Name, Judge(world, here, there))]
            : [];

    private static Finding Judge(FailoverWorld world, string here, string there)
    {
        var observed = $"{here} and {there} both take writes";
        const string Expected = "one site takes writes";
        var harm = $"They have parted, and can't be merged again. To go on stops {here} and keeps {there}: all that {here} has taken since they parted is lost unless people take it over, and how much that is nobody has measured.";
        const string Compare = "Compare-DalpDatabase shows what the one has that the other lacks.";
        return world switch
        {
            // The former active site has come back, and is stopped again first of all.
            { Promotion: { } begun } when begun.IsOf(there) => Finding.Warn(world.Active.Name, here, observed, Expected, harm, $"{Compare} Take it over into {there} before {here} is rewound or rebuilt."),
            { Kind: FailoverKind.Failover } when world.AcceptedLoss == TimeSpan.MaxValue => Finding.Warn(world.Active.Name, here, observed, Expected, harm, $"The loss was accepted without a bound. {Compare}"),
            _ => Finding.Fail(
                world.Active.Name, here, observed, Expected, harm,
                $"Find out which of them the platform uses, and freeze the other by hand: Suspend-DalpWrite -Site. {Compare} To keep {there} and give up what {here} has taken, the decision owner declares a failover with -MaxDataLoss ([timespan]::MaxValue)."),
        };
    }

    private static async Task<string?> WriterAsync(FailoverSite site, CancellationToken cancellationToken) =>
        (await site.ReadServersAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(one => one.TakesWrites)?.Server.Name;
}
