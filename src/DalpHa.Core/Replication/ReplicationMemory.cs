using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DalpHa.Core.State;

namespace DalpHa.Core.Replication;

/// <summary>
/// Keeps each standby's <see cref="ReplicationHistory"/> in a file of its own. Losing it loses precision, never a measurement: every failure
/// is a warning.
/// </summary>
public sealed class ReplicationMemory
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { Converters = { new LsnConverter() } };

    private readonly string folder;
    private readonly Action<string> warn;
    private readonly bool keeps;
    private readonly ConcurrentDictionary<string, bool> newer = [];

    /// <summary>Makes a memory.</summary>
    /// <param name="folder">Where the files are kept; it may not exist yet.</param>
    /// <param name="warn">Takes what went wrong, for the operator.</param>
    /// <param name="keeps">False for a rehearsal, which remembers what others have seen and leaves no trace of its own.</param>
    public ReplicationMemory(string folder, Action<string> warn, bool keeps = true)
    {
        this.folder = folder;
        this.warn = warn;
        this.keeps = keeps;
    }

    /// <summary>The folder below <see cref="StateFolder.Path"/> that runs share.</summary>
    public static string DefaultFolder => Path.Combine(StateFolder.Path, "replication");

    /// <summary>
    /// Reads a standby's history; empty when there is none. A file that can't be understood is moved aside, one of a newer DalpHa is left alone, and
    /// of one that was written under a clock ahead of ours only what lies in the past counts.
    /// </summary>
    public ReplicationHistory Load(string topology, string standby, TimeProvider time)
    {
        var path = PathOf(topology, standby);
        try
        {
            var text = File.ReadAllText(path);
            if (JsonSerializer.Deserialize<Header>(text, Format)?.Version > ReplicationHistory.CurrentVersion)
            {
                newer[path] = true;
                warn($"The replication history '{path}' is of a newer DalpHa: this run starts without it, and leaves it as it is. Update DalpHa here.");
                return ReplicationHistory.Empty;
            }
            return JsonSerializer.Deserialize<ReplicationHistory>(text, Format) is { Points: not null } history && !history.Points.Contains(null)
                ? UpToNow(path, history, time.GetUtcNow())
                : throw new JsonException("It holds no history.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return ReplicationHistory.Empty;
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            MoveAside(path, exception);
            return ReplicationHistory.Empty;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            warn($"The replication history '{path}' can't be read, so this run starts without it: {exception.Message}");
            return ReplicationHistory.Empty;
        }
    }

    /// <summary>Writes a standby's history, whole; of two runs at once the later wins.</summary>
    public void Save(string topology, string standby, ReplicationHistory history)
    {
        if (!keeps)
        {
            return;
        }
        var path = PathOf(topology, standby);
        if (newer.ContainsKey(path))
        {
            return;
        }
        try
        {
            AtomicFile.WriteAllText(path, JsonSerializer.Serialize(history, Format));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            warn($"The replication history '{path}' can't be written, so the next run will not know of this one: {exception.Message}");
        }
    }

    private ReplicationHistory UpToNow(string path, ReplicationHistory history, DateTimeOffset now)
    {
        var known = history.Until(now);
        if (known.Points.Count < history.Points.Count || known.LastHealthyAt != history.LastHealthyAt)
        {
            warn($"The replication history '{path}' tells of moments after {now.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z, this machine's time, and they are left out. Check the clock.");
        }
        return known;
    }

    // Names are the operator's and may hold anything; the digest keeps two names apart that look the same once they are made safe.
    private string PathOf(string topology, string standby)
    {
        var safe = string.Concat($"{topology}-{standby}".Take(60).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' ? c : '_'));
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{topology}\n{standby}"));
        return Path.Combine(folder, $"{safe}-{Convert.ToHexStringLower(digest.AsSpan(0, 4))}.json");
    }

    private void MoveAside(string path, Exception why)
    {
        var aside = path + ".unreadable";
        try
        {
            File.Move(path, aside, overwrite: true);
            warn($"The replication history '{path}' could not be understood ({why.Message}); it was moved to '{aside}' and begun anew.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            warn($"The replication history '{path}' could not be understood ({why.Message}), nor moved aside: {exception.Message}");
        }
    }

    private sealed record Header(int Version);

    private sealed class LsnConverter : JsonConverter<Lsn>
    {
        public override Lsn Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Lsn.Parse(reader.GetString()) ?? throw new JsonException("A position is missing.");

        public override void Write(Utf8JsonWriter writer, Lsn value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
