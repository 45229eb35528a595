using System.Text.Json;
using DalpHa.Core.Errors;
using DalpHa.Core.State;

namespace DalpHa.Core.Lab;

/// <summary>The labs of this user on this machine: a folder with one record for each.</summary>
/// <param name="Root">The folder.</param>
public sealed record LabRegistry(string Root)
{
    private const int ClaimTries = 200;
    private static readonly TimeSpan ClaimPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(10);

    /// <summary>The registry in DalpHa's state folder.</summary>
    public static LabRegistry Default => new(Path.Combine(StateFolder.Path, "labs"));

    /// <summary>The folder of a lab that was given no other.</summary>
    public string FolderOf(string name) => Path.Combine(Root, name);

    /// <summary>The names of all labs that have a record.</summary>
    public IReadOnlyList<string> Names() => Directory.Exists(Root)
        ? Directory.GetFiles(Root, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)!).Where(name => !name.StartsWith('.')).Order(StringComparer.Ordinal).ToList()
        : [];

    /// <summary>A lab's record, or null when there is none.</summary>
    /// <exception cref="DalpException">The record can't be read.</exception>
    public LabRecord? Read(string name)
    {
        var file = RecordFile(name);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file), LabJson.Default.LabRecord);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DalpException(
                "LabRecordUnreadable",
                FaultKind.LocalResource,
                $"The record of lab '{name}' in {file} can't be read: {exception.Message}",
                "End the lab's processes by hand if any run, and delete the file.",
                name,
                exception);
        }
    }

    /// <summary>Takes a name for a lab: of two that try at once, one succeeds.</summary>
    /// <exception cref="DalpException">There is a lab of that name.</exception>
    public async Task ClaimAsync(LabRecord record, CancellationToken cancellationToken)
    {
        await using var turn = (await TakeTurnAsync(record.Name, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        if (File.Exists(RecordFile(record.Name)))
        {
            throw Exists(record.Name);
        }
        Write(record);
    }

    /// <summary>Replaces a lab's record.</summary>
    public void Write(LabRecord record) => AtomicFile.WriteAllText(RecordFile(record.Name), JsonSerializer.Serialize(record, LabJson.Default.LabRecord));

    /// <summary>
    /// Ends what is left of a lab whose process is gone: its children by id, if they are still the same processes, then its folder, then its record.
    /// </summary>
    /// <exception cref="DalpException">Something of it could not be ended or removed; the record stays, so that it can be tried again.</exception>
    public async Task CleanAsync(LabRecord record, CancellationToken cancellationToken)
    {
        var ends = await Task.WhenAll(record.Children.Select(child => child.KillAsync(EndBound, cancellationToken))).ConfigureAwait(false);
        if (ends.Contains(false))
        {
            var left = record.Children.Where(child => child.IsAlive()).Select(child => child.Id);
            throw new DalpException(
                "LabChildrenLeft",
                FaultKind.LocalResource,
                $"Processes of lab '{record.Name}' could not be ended: {string.Join(", ", left)}.",
                "End them as the user who started the lab, then run Stop-DalpLab again.",
                record.Name);
        }
        if (record.TookFolder)
        {
            await RemoveFolderAsync(record, cancellationToken).ConfigureAwait(false);
        }
        Forget(record);
    }

    /// <summary>Removes a lab's record and nothing else.</summary>
    public void Forget(LabRecord record) => File.Delete(RecordFile(record.Name));

    /// <summary>The error that says that a name is taken.</summary>
    public static DalpException Exists(string name) => new(
        "LabExists",
        FaultKind.Conflict,
        $"There is a lab named '{name}' already.",
        $"Use it (Get-DalpLab -Name {name}), stop it (Stop-DalpLab -Name {name}), or start another with -Name.",
        name);

    // A move that must not replace anything is none on Unix: it looks, and renames then. The file is locked, and one that a killed process left is not.
    private async Task<FileStream> TakeTurnAsync(string name, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Root);
        var path = Path.Combine(Root, $".{name}.claim");
        for (var left = ClaimTries; ; left--)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            catch (Exception exception) when (left > 1 && exception is IOException or UnauthorizedAccessException)
            {
                await Task.Delay(ClaimPause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // A server that was killed a moment ago may still write its last file into a folder that is being removed.
    private static async Task RemoveFolderAsync(LabRecord record, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                LabFolder.Remove(record.DatabaseFolder, owned: true);
                LabFolder.Remove(record.Folder, record.OwnsFolder);
                return;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                if (attempt == 20)
                {
                    throw new DalpException(
                        "LabFolderLeft",
                        FaultKind.LocalResource,
                        $"The folder of lab '{record.Name}' could not be removed: {exception.Message}",
                        $"Remove {record.Folder} by hand, then run Stop-DalpLab again.",
                        record.Folder,
                        exception);
                }
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private string RecordFile(string name) => Path.Combine(Root, name + ".json");
}
