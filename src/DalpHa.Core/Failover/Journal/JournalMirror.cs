using System.Globalization;
using System.Text;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Core.Failover;

/// <summary>
/// A journal's copy in the standby's cluster, where another operator finds it when this machine is lost: a series of ConfigMaps, one entry for each line.
/// </summary>
public sealed class JournalMirror(IClusterControl cluster, string @namespace, string failoverId)
{
    /// <summary>The label that all parts of a journal carry; its value is the failover's id.</summary>
    public const string Label = "dalpha.io/journal";

    /// <summary>The label of a journal of one step by hand, which is none of a failover; its value is the step's id.</summary>
    public const string StepLabel = "dalpha.io/step-journal";

    // An object may hold 1 MiB; small parts keep each write small.
    private const int PartBytes = 128 * 1024;

    private readonly List<(int Number, string Line)> pending = [];
    private ClusterNote? part;
    private int parts;
    private int last;
    private string label = Label;
    private string prefix = "dalpha-journal";

    /// <summary>The copy of the journal of a step by hand.</summary>
    public static JournalMirror OfStep(IClusterControl cluster, string @namespace, string id) => new(cluster, @namespace, id) { label = StepLabel, prefix = "dalpha-step" };

    /// <summary>How many lines are not there yet.</summary>
    public int Behind => pending.Count;

    /// <summary>The parts of all journals that a namespace holds, by their ids.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="label">Of which kind: <see cref="Label"/> or <see cref="StepLabel"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ILookup<string, ClusterNote>> ListAsync(IClusterControl cluster, string @namespace, string label, CancellationToken cancellationToken)
    {
        var notes = await cluster.ListNotesAsync(@namespace, label, cancellationToken).ConfigureAwait(false);
        return notes.ToLookup(note => note.Labels[label], StringComparer.Ordinal);
    }

    /// <summary>The numbers of the lines that were lost in the cluster and that the next write brings back, in their order; empty when none were.</summary>
    public IReadOnlyList<int> Lost { get; private set; } = [];

    /// <summary>Reads the copy, and goes on from its end. What was lost of it is taken from this machine's journal, where that has all of it and says the same as what is left.</summary>
    /// <param name="own">This machine's journal; null when it has none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DalpException">It can't be read, is broken, or lacks what nobody here can bring back (<c>JournalCopyIncomplete</c>).</exception>
    public async Task<JournalChain> ReadAsync(JournalChain? own, CancellationToken cancellationToken) =>
        Read(await cluster.ListNotesAsync(@namespace, $"{label}={failoverId}", cancellationToken).ConfigureAwait(false), own);

    /// <summary>Reads the copy out of its parts, as they were just listed, and goes on from its end.</summary>
    /// <param name="notes">All of its parts, in the order of their names.</param>
    /// <param name="own">This machine's journal; null when it has none.</param>
    /// <exception cref="DalpException">It is broken, or lacks what nobody here can bring back (<c>JournalCopyIncomplete</c>).</exception>
    public JournalChain Read(IReadOnlyList<ClusterNote> notes, JournalChain? own)
    {
        var left = notes.SelectMany(note => note.Entries).Select(entry => (Number: NumberOf(entry.Key), Line: entry.Value)).OrderBy(entry => entry.Number).ToList();
        Lost = [.. Enumerable.Range(1, left.LastOrDefault().Number).Except(left.Select(entry => entry.Number))];
        if (Lost.Count > 0 && (own is null || Lost[^1] > own.Lines.Count || left.Any(entry => entry.Number > 0 && entry.Number <= own.Lines.Count && own.Lines[entry.Number - 1] != entry.Line)))
        {
            throw Incomplete(own);
        }
        pending.Clear();
        pending.AddRange(Lost.Select(number => (number, own!.Lines[number - 1])));
        var text = new StringBuilder();
        foreach (var (_, line) in left.Concat(pending).OrderBy(entry => entry.Number))
        {
            text.Append(line).Append('\n');
        }
        var chain = JournalChain.Read(text.ToString(), $"of failover {failoverId} in namespace '{@namespace}'");
        part = notes.LastOrDefault();
        // Their numbers have gaps where one was lost.
        parts = part is null ? 0 : NumberOf(part.Name[(part.Name.LastIndexOf('-') + 1)..]);
        last = chain.Lines.Count;
        return chain;
    }

    /// <summary>Adds a line, and all that could not be written before it.</summary>
    /// <exception cref="DalpException">The cluster refuses or can't be reached; the line is kept for the next time.</exception>
    public async Task AppendAsync(string line, CancellationToken cancellationToken)
    {
        Keep(line);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Keeps a line for the next write.</summary>
    public void Keep(string line) => pending.Add((++last, line));

    /// <summary>Writes what is not there yet.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (pending.Count > 0)
        {
            var start = part is { } current && SizeOf(current) < PartBytes ? current : NewPart();
            var entries = new Dictionary<string, string>(start.Entries, StringComparer.Ordinal);
            var count = 0;
            for (var size = SizeOf(start); count < pending.Count && (count == 0 || size < PartBytes); count++)
            {
                var (number, line) = pending[count];
                entries[Key(number)] = line;
                size += line.Length;
            }
            part = await WriteAsync(start with { Entries = entries }, cancellationToken).ConfigureAwait(false);
            parts += start.Version is null ? 1 : 0;
            pending.RemoveRange(0, count);
        }
    }

    // An answer that was lost is not a write that was lost: the next try then meets its own entries.
    private async Task<ClusterNote> WriteAsync(ClusterNote note, CancellationToken cancellationToken)
    {
        try
        {
            return await cluster.WriteNoteAsync(@namespace, note, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException conflict) when (conflict.Kind == FaultKind.Conflict)
        {
            var there = await cluster.FindNoteAsync(@namespace, note.Name, cancellationToken).ConfigureAwait(false);
            var isOurs = there is not null && there.Entries.All(entry => note.Entries.TryGetValue(entry.Key, out var ours) && ours == entry.Value);
            return isOurs ? await cluster.WriteNoteAsync(@namespace, note with { Version = there!.Version }, cancellationToken).ConfigureAwait(false) : throw new DalpException(
                "JournalMirrorTaken",
                FaultKind.Conflict,
                $"Somebody else writes to the journal of failover {failoverId} in namespace '{@namespace}'.",
                "One failover is run by one process. Find the other one; Get-DalpFailover names its operator and machine.",
                note.Name,
                conflict);
        }
    }

    private DalpException Incomplete(JournalChain? own) => new(
        "JournalCopyIncomplete",
        FaultKind.InvalidAnswer,
        $"The copy of the journal of failover {failoverId} in namespace '{@namespace}' lacks {Readiness.Wording.Count(Lost.Count, "record")}, from number {Lost[0]} on, and goes on after that: ConfigMaps with the label "
        + $"'{label}={failoverId}' were deleted. {(own is null ? "This machine has no journal of it" : Lost[^1] > own.Lines.Count ? $"The journal of this machine ends at record {own.Lines.Count}" : "What is left there is not what the journal of this machine has")}.",
        $"Keep what is left: kubectl get configmaps --namespace {@namespace} --selector {label}={failoverId} --output yaml > {failoverId}.yaml. It names the machine that wrote each record; there the journal is whole, and Resume-DalpFailover "
        + "brings back what was lost. When nobody has it any more, look at both sites and begin anew: New-DalpFailoverPlan.",
        failoverId);

    private ClusterNote NewPart() => new(
        string.Create(CultureInfo.InvariantCulture, $"{prefix}-{failoverId}-{parts + 1:0000}"),
        new Dictionary<string, string> { [label] = failoverId },
        new Dictionary<string, string>(),
        null);

    private static int SizeOf(ClusterNote note) => note.Entries.Sum(entry => entry.Value.Length);

    // What is no number of a record's is read as one that can't be in its place.
    private static int NumberOf(string key) => key.Length <= 6 && int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string Key(int sequence) => sequence.ToString("000000", CultureInfo.InvariantCulture);
}
