using DalpHa.Core.Lab;

namespace DalpHa.Infrastructure.Tests.Lab;

/// <summary>A registry of a test's own, and the launcher that a session would use.</summary>
internal sealed class LabHouse : IAsyncDisposable
{
    public static readonly TimeSpan StartBound = TimeSpan.FromSeconds(90);
    private readonly string root = Directory.CreateTempSubdirectory("dalpha-labs-").FullName;

    public LabHouse()
    {
        // The servers of a lab that root starts run as another user, who must get through here.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
        }
        Registry = new LabRegistry(Path.Combine(root, "labs"));
    }

    public LabRegistry Registry { get; }

    public Labs Labs => new(Registry);

    public string FolderOf(string name) => Path.Combine(root, name);

    public Task<LabRecord> StartAsync(LabSettings settings, Action<LabProgress>? progress = null) =>
        new LabLauncher(Path.Combine(AppContext.BaseDirectory, "DalpHa.Lab.dll"), Registry).StartAsync(settings, progress ?? (_ => { }), StartBound, TestContext.Current.CancellationToken);

    public LabSettings Settings(string name) => new() { Name = name, Folder = FolderOf(name), OwnerProcessId = Environment.ProcessId };

    public async ValueTask DisposeAsync()
    {
        foreach (var name in Registry.Names())
        {
            await Labs.StopAsync(name, CancellationToken.None);
        }
        Directory.Delete(root, recursive: true);
    }
}
