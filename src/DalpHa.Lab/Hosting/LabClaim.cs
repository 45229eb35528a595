using DalpHa.Core.Lab;

namespace DalpHa.Lab.Hosting;

/// <summary>A lab's hold on its name and its folder. What it lets go of is gone: children that are left, the folder, the record.</summary>
internal sealed class LabClaim : IAsyncDisposable
{
    private readonly LabRegistry registry;
    private readonly Lock gate = new();

    private LabClaim(LabRegistry registry, LabRecord record)
    {
        this.registry = registry;
        Record = record;
    }

    public LabRecord Record { get; private set; }

    /// <summary>The folder of all labs' records.</summary>
    public string RegistryRoot => registry.Root;

    /// <exception cref="Core.Errors.DalpException">There is a lab of that name, or the folder can't be taken. Nothing is left behind.</exception>
    public static async Task<LabClaim> TakeAsync(LabSettings settings, LabRegistry registry, TimeProvider time, CancellationToken cancellationToken)
    {
        var record = new LabRecord
        {
            Name = settings.Name,
            Process = ProcessIdentity.Current,
            StartedAt = time.GetUtcNow(),
            Folder = settings.Folder,
            ApiServer = settings.ApiServer,
            DatabaseFolder = ChooseDatabaseFolder(settings),
            KubeconfigPath = LabFolder.Kubeconfig(settings.Folder),
            TopologyPath = LabFolder.Topology(settings.Folder),
        };
        await registry.ClaimAsync(record, cancellationToken);
        var claim = new LabClaim(registry, record);
        try
        {
            var made = LabFolder.Prepare(settings.Folder);
            claim.Update(taken => taken with { TookFolder = true, OwnsFolder = made });
            return claim;
        }
        catch
        {
            registry.Forget(record);
            throw;
        }
    }

    /// <summary>Changes the record, on disk too.</summary>
    public void Update(Func<LabRecord, LabRecord> change)
    {
        lock (gate)
        {
            Record = change(Record);
            registry.Write(Record);
        }
    }

    public async ValueTask DisposeAsync() => await registry.CleanAsync(Record, CancellationToken.None);

    // PostgreSQL does not run as root: an ordinary user does, who must be able to enter the folder. Root's own home is closed to him.
    private static string ChooseDatabaseFolder(LabSettings settings)
    {
        var isClosed = false;
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
        {
            for (var parent = new DirectoryInfo(settings.Folder); parent is not null; parent = parent.Parent)
            {
                isClosed |= parent.Exists && !parent.UnixFileMode.HasFlag(UnixFileMode.OtherExecute);
            }
        }
        return isClosed
            ? Path.Combine(Path.GetTempPath(), $"dalpha-{settings.Name}-{Path.GetRandomFileName()}")
            : Path.Combine(settings.Folder, "databases");
    }
}
