using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DalpHa.Core.Errors;

namespace DalpHa.Core.Failover;

/// <summary>
/// A failover's records as a chain: each line carries the SHA-256 of the line before it and its own, so that no record can be changed, left out,
/// added or put elsewhere without a later line telling.
/// </summary>
/// <remarks>
/// A line is <c>{"hash":"H","prev":"P","record":{…}}</c> and a line feed: P is the hash of the line before it (64 zeros in the first), and H the
/// SHA-256, in lower-case hexadecimal, of P's 64 characters followed by the bytes of the record's JSON as they stand. A chain's end can be cut off
/// without a trace in the file itself; the mirror in the standby's cluster is there to show that.
/// </remarks>
public sealed class JournalChain
{
    private const string HashKey = "{\"hash\":\"";
    private const string PreviousKey = "\",\"prev\":\"";
    private const string RecordKey = "\",\"record\":";
    private const int HashLength = 64;
    private static readonly int JsonStart = HashKey.Length + HashLength + PreviousKey.Length + HashLength + RecordKey.Length;

    /// <summary>This DalpHa's version, as its journals name it.</summary>
    internal static string Version { get; } = typeof(JournalChain).Assembly.GetName().Version!.ToString(3);

    private static readonly string Genesis = new('0', HashLength);
    private readonly List<JournalRecord> records = [];
    private readonly List<string> lines = [];

    /// <summary>The records, the oldest first.</summary>
    public IReadOnlyList<JournalRecord> Records => records;

    /// <summary>Whether a step was done once. Whether what it did still holds is to be looked at.</summary>
    public bool IsDone(string step) => Records.Any(record => record.Event == JournalEvent.StepDone && record.Step == step);

    /// <summary>The lines that hold them, without their line feeds.</summary>
    public IReadOnlyList<string> Lines => lines;

    /// <summary>The hash of the last line; 64 zeros when there is none.</summary>
    public string Head { get; private set; } = Genesis;

    /// <summary>Reads a chain.</summary>
    /// <param name="text">The lines, each ended by a line feed. A last line that was never written whole is left out: its writer died before anything rested on it.</param>
    /// <param name="source">Where it was read from, for the error.</param>
    /// <exception cref="DalpException">A line is not what was written there (<c>JournalBroken</c>), or is, and tells what this DalpHa does not know (<c>JournalNewer</c>).</exception>
    public static JournalChain Read(string text, string source)
    {
        var chain = new JournalChain();
        var lines = text.Split('\n');
        foreach (var line in lines[..^1])
        {
            chain.Take(line, source);
        }
        var rest = lines[^1];
        if (chain.Follows(rest))
        {
            chain.Take(rest, source);
        }
        else if (rest.Length > 0 && chain.Follows(rest[..^1]))
        {
            throw chain.Broken(source, "has another end than it was written with");
        }
        return chain;
    }

    /// <summary>Adds a record: gives it the next number, cuts off what is too long of its texts, and returns its line.</summary>
    public string Add(JournalRecord record)
    {
        var (numbered, json) = JournalBound.Fit(record with { Sequence = records.Count + 1 }, JournalJson.Default.JournalRecord);
        var line = LineOf(json);
        Append(numbered, line);
        return line;
    }

    /// <summary>Adds a line as it was written elsewhere.</summary>
    /// <exception cref="DalpException">It does not follow this chain's head, or was changed (<c>JournalBroken</c>); or it tells what this DalpHa does not know (<c>JournalNewer</c>).</exception>
    public void Take(string line, string source)
    {
        if (!Follows(line))
        {
            throw Broken(source, "is not what was written there after the one before it: it was changed, or a record was left out, added or moved");
        }
        Append(Parse(line[JsonStart..^1], source), line);
    }

    /// <summary>Whether this chain begins with all of another's lines.</summary>
    public bool StartsWith(JournalChain other) => other.lines.Count <= lines.Count && (other.lines.Count == 0 || lines[other.lines.Count - 1] == other.lines[^1]);

    /// <summary>How many lines this chain and another have in common from their beginning on: what follows one that differs differs too.</summary>
    public int CommonWith(JournalChain other) => lines.Zip(other.lines).TakeWhile(pair => pair.First == pair.Second).Count();

    private JournalRecord Parse(string json, string source)
    {
        try
        {
            var record = JsonSerializer.Deserialize(json, JournalJson.Default.JournalRecord);
            return record?.Sequence == records.Count + 1 ? record : throw Broken(source, "has another number than its place");
        }
        catch (JsonException exception)
        {
            throw Newer(source, exception);
        }
    }

    private void Append(JournalRecord record, string line)
    {
        records.Add(record);
        lines.Add(line);
        Head = line.Substring(HashKey.Length, HashLength);
    }

    private DalpException Broken(string source, string what) => new(
        "JournalBroken",
        FaultKind.InvalidAnswer,
        $"Record {records.Count + 1} of the journal {source} {what}. What it tells from there on can't be trusted.",
        "Keep the file as it is: it is evidence. Compare it with its other copy (the mirror in the standby's cluster, or the operator's state folder), and go on from the one that is whole.",
        source);

    // Its hash says that it stands as it was written. So it was written by something that knows more.
    private DalpException Newer(string source, JsonException exception) => new(
        "JournalNewer",
        FaultKind.InvalidAnswer,
        $"Record {records.Count + 1} of the journal {source} is whole, and tells something that this DalpHa ({Version}) does not know: a newer one wrote it"
        + $"{(records.LastOrDefault(record => record.Data.ContainsKey(JournalFact.Version))?.Data[JournalFact.Version] is { } version ? $"; the last that took it up before was {version}" : "")}.",
        "Update DalpHa here to the version that the failover's other operators run, or go on from where that one is installed.",
        source,
        exception);

    // The whole line is put together again and compared, so that not one byte of it is left unlooked at.
    private bool Follows(string line) => line.Length > JsonStart && LineOf(line[JsonStart..^1]) == line;

    private string LineOf(string json) =>
        HashKey + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Head + json))) + PreviousKey + Head + RecordKey + json + "}";
}
