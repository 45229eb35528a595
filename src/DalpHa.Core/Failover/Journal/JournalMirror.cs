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

    private readonly List<string> pending = [];
    private ClusterNote? part;
    private int parts;
    private int written;
    private string label = Label;
    private string prefix = "dalpha-journal";

    /// <summary>The copy of the journal of a step by hand.</summary>
    public static JournalMirror OfStep(IClusterControl cluster, string @namespace, string id) => new(cluster, @namespace, id) { label = StepLabel, prefix = "dalpha-step" };

    /// <summary>How many lines are not there yet.</summary>
    public int Behind => pending.Count;

    /// <summary>The ids whose journals a namespace holds.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="label">Of which kind: <see cref="Label"/> or <see cref="StepLabel"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IReadOnlyList<string>> ListAsync(IClusterControl cluster, string @namespace, string label, CancellationToken cancellationToken)
    {
        var notes = await cluster.ListNotesAsync(@namespace, label, cancellationToken).ConfigureAwait(false);
        return [.. notes.Select(note => note.Labels[label]).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Reads the copy, and goes on from its end.</summary>
    /// <exception cref="DalpException">It can't be read, or is broken.</exception>
    public async Task<JournalChain> ReadAsync(CancellationToken cancellationToken)
    {
        var notes = await cluster.ListNotesAsync(@namespace, $"{label}={failoverId}", cancellationToken).ConfigureAwait(false);
        var text = new StringBuilder();
        foreach (var line in notes.SelectMany(note => note.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal)))
        {
            text.Append(line.Value).Append('\n');
        }
        var chain = JournalChain.Read(text.ToString(), $"of failover {failoverId} in namespace '{@namespace}'");
        (parts, part, written) = (notes.Count, notes.LastOrDefault(), chain.Lines.Count);
        return chain;
    }

    /// <summary>Adds a line, and all that could not be written before it.</summary>
    /// <exception cref="DalpException">The cluster refuses or can't be reached; the line is kept for the next time.</exception>
    public async Task AppendAsync(string line, CancellationToken cancellationToken)
    {
        pending.Add(line);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Keeps a line for the next write.</summary>
    public void Keep(string line) => pending.Add(line);

    /// <summary>Writes what is not there yet.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (pending.Count > 0)
        {
            var start = part is { } last && SizeOf(last) < PartBytes ? last : NewPart();
            var entries = new Dictionary<string, string>(start.Entries, StringComparer.Ordinal);
            var count = 0;
            for (var size = SizeOf(start); count < pending.Count && (count == 0 || size < PartBytes); count++)
            {
                entries[Key(written + count + 1)] = pending[count];
                size += pending[count].Length;
            }
            part = await WriteAsync(start with { Entries = entries }, cancellationToken).ConfigureAwait(false);
            parts += start.Version is null ? 1 : 0;
            written += count;
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

    private ClusterNote NewPart() => new(
        string.Create(CultureInfo.InvariantCulture, $"{prefix}-{failoverId}-{parts + 1:0000}"),
        new Dictionary<string, string> { [label] = failoverId },
        new Dictionary<string, string>(),
        null);

    private static int SizeOf(ClusterNote note) => note.Entries.Sum(entry => entry.Value.Length);

    private static string Key(int sequence) => sequence.ToString("000000", CultureInfo.InvariantCulture);
}
