using System.Text.RegularExpressions;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.State;

namespace DalpHa.Core.Failover;

/// <summary>The journals of all failovers: those of this machine, and those that the standby's cluster keeps.</summary>
/// <param name="folder">The folder on this machine.</param>
public sealed partial class FailoverStore(string folder)
{
    private const string Extension = ".jsonl";

    /// <summary>Where they are kept by default.</summary>
    public static FailoverStore Default => new(Path.Combine(StateFolder.Path, "failovers"));

    /// <summary>A failover's file.</summary>
    /// <exception cref="DalpException">The id is none.</exception>
    public string PathOf(string id) => IdForm().IsMatch(id)
        ? Path.Combine(folder, id + Extension)
        : throw new DalpException("FailoverIdInvalid", FaultKind.InvalidInput, $"'{id}' is no id of a failover.", "Get-DalpFailover lists them.", id);

    /// <summary>The ids of the failovers that this machine has a journal of.</summary>
    public IReadOnlyList<string> Ids => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*" + Extension).Select(file => Path.GetFileNameWithoutExtension(file)).Where(id => IdForm().IsMatch(id)).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>
    /// Opens a failover's journal to go on with it: whichever of the two copies lacks records that the other has gets them. The process that died may
    /// have written the last ones to its own disk only, this machine may never have had any, and a cleanup may have deleted some in the cluster.
    /// </summary>
    /// <exception cref="DalpException">One of them is broken, or they tell two different stories (<c>JournalDiverged</c>).</exception>
    public async Task<(JournalFile File, JournalMirror Mirror)> OpenAsync(string id, IClusterControl cluster, string @namespace, CancellationToken cancellationToken)
    {
        var mirror = new JournalMirror(cluster, @namespace, id);
        var path = PathOf(id);
        var copy = await mirror.ReadAsync(File.Exists(path) ? JournalFile.Read(path) : null, cancellationToken).ConfigureAwait(false);
        var file = JournalFile.Open(path);
        try
        {
            RequireOneStory(id, file.Chain, file.Path, copy, @namespace);
            foreach (var line in copy.Lines.Skip(file.Chain.Lines.Count).ToList())
            {
                file.Chain.Take(line, file.Path);
                file.Append(line);
            }
            foreach (var line in file.Chain.Lines.Skip(copy.Lines.Count))
            {
                mirror.Keep(line);
            }
            await mirror.FlushAsync(cancellationToken).ConfigureAwait(false);
            return (file, mirror);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Returns when one of the two copies of a journal is the beginning of the other.</summary>
    /// <exception cref="DalpException">They tell two different stories (<c>JournalDiverged</c>).</exception>
    internal static void RequireOneStory(string id, JournalChain file, string path, JournalChain copy, string @namespace)
    {
        if (!file.StartsWith(copy) && !copy.StartsWith(file))
        {
            var common = file.CommonWith(copy);
            var (own, theirs) = (file.Records.Skip(common).ToList(), copy.Records.Skip(common).ToList());
            throw new DalpException(
                "JournalDiverged",
                FaultKind.Conflict,
                $"The journal '{path}' of failover {id} and its copy in namespace '{@namespace}' are one up to record {common} and differ after it. {Count(own.Count)} of this machine never reached the "
                + $"cluster, from '{own[0].Event}' at {own[0].At:u} on; there {theirs[0].Operator} went on with {Count(theirs.Count)}, from '{theirs[0].Event}' at {theirs[0].At:u} on.",
                $"Nothing is done before the cluster has the record that announces it, so the copy tells all that was done. Keep this file as evidence under another name, look at both sites, and go on: the journal is then read from the cluster.",
                id);
        }
    }

    private static string Count(int records) => Readiness.Wording.Count(records, "record");

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
    private static partial Regex IdForm();
}
