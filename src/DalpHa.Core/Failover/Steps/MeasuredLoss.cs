using System.Globalization;

namespace DalpHa.Core.Failover;

/// <summary>The bound on what a promotion loses, as it was measured for it.</summary>
/// <param name="Time">In time; null when that is not known.</param>
/// <param name="Bytes">In bytes; null when that is not known.</param>
internal sealed record MeasuredLoss(TimeSpan? Time, long? Bytes)
{
    /// <summary>As the journal keeps it.</summary>
    public IReadOnlyDictionary<string, string> Facts => new Dictionary<string, string>
    {
        [JournalFact.LossBytes] = Bytes?.ToString(CultureInfo.InvariantCulture) ?? "",
        [JournalFact.LossSeconds] = Time?.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>As it stands among a step's facts; null where it was not measured.</summary>
    public static MeasuredLoss? In(IReadOnlyDictionary<string, string> facts) => facts.TryGetValue(JournalFact.LossSeconds, out var seconds)
        ? new MeasuredLoss(
            double.TryParse(seconds, CultureInfo.InvariantCulture, out var time) ? TimeSpan.FromSeconds(time) : null,
            long.TryParse(facts.GetValueOrDefault(JournalFact.LossBytes), CultureInfo.InvariantCulture, out var bytes) ? bytes : null)
        : null;
}
