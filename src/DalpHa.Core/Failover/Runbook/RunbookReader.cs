using DalpHa.Core.Documents;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Failover;

/// <summary>Reads a runbook out of a document, with everything that is wrong with it.</summary>
public static class RunbookReader
{
    /// <summary>The runbook file.</summary>
    internal static DocumentKind<DalpRunbook> Kind { get; } = new(
        "runbook", "How one platform fails over: who decides, who owns each step and when to stop there, and how the database is promoted.", RunbookFile.Root);

    /// <summary>Reads a document by what it says itself. Whether its review is overdue does not matter: in an incident it is still the runbook.</summary>
    public static DocumentReading<DalpRunbook> Read(YamlDocument document) => Read(document, _ => []);

    /// <summary>Reads a document, and holds it against the day, the scripts that it names, and the topology.</summary>
    /// <param name="document">The document.</param>
    /// <param name="topology">The topology that it is for; null when none is known, and then the result says so.</param>
    /// <param name="time">The clock.</param>
    public static DocumentReading<DalpRunbook> Test(YamlDocument document, DalpTopology? topology, TimeProvider time) => Read(
        document,
        runbook => [.. RunbookDates.Remarks(runbook, time.GetUtcNow()), .. RunbookReferences.Remarks(runbook), .. RunbookFit.Remarks(runbook, topology)]);

    private static DocumentReading<DalpRunbook> Read(YamlDocument document, Func<DalpRunbook, IEnumerable<RunbookRemark>> look) =>
        DocumentReading<DalpRunbook>.Read(Kind, document, (runbook, findings) =>
        {
            // Of a key that is wrong in itself nothing more can be said.
            foreach (var remark in look(runbook).Where(remark => findings.IsSound(remark.Subject)))
            {
                findings.Note(remark.Status, remark.Subject, remark.Problem);
            }
            return runbook with { Path = document.Path };
        });
}
