using System.Globalization;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>The former primary as it was when its standby had all of it: what it commits from then on is on that server alone.</summary>
/// <param name="Server">Its name in the topology.</param>
/// <param name="NextTransactionId">One more than the last transaction id that had ended.</param>
/// <param name="End">Where its log ended.</param>
public sealed record DrainedPrimary(string Server, ulong NextTransactionId, Lsn End)
{
    /// <summary>As the journal keeps it.</summary>
    internal IReadOnlyDictionary<string, string> Facts => new Dictionary<string, string>
    {
        [JournalFact.DrainedServer] = Server,
        [JournalFact.DrainedNextTransactionId] = NextTransactionId.ToString(CultureInfo.InvariantCulture),
        [JournalFact.DrainedEnd] = End.ToString(),
    };

    /// <summary>What a journal tells of it, as long as nobody has looked at it since; null when there is nothing to look for. Who goes on after such a look has been told of it.</summary>
    internal static DrainedPrimary? Of(IReadOnlyList<JournalRecord> records)
    {
        DrainedPrimary? drained = null;
        foreach (var record in records)
        {
            drained = record switch
            {
                { Event: JournalEvent.Done } when record.Data.TryGetValue(JournalFact.DrainedServer, out var server) =>
                    new DrainedPrimary(server, ulong.Parse(record.Data[JournalFact.DrainedNextTransactionId], CultureInfo.InvariantCulture), Lsn.Parse(record.Data[JournalFact.DrainedEnd])!.Value),
                { Event: JournalEvent.StepDone, Step: FailoverSteps.Promote } => null,
                { Event: JournalEvent.Stopped } when record.Data.GetValueOrDefault(JournalFact.Error) is "FormerPrimaryWrote" or "FormerPrimaryUnseen" => null,
                _ => drained,
            };
        }
        return drained;
    }
}
