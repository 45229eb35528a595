namespace DalpHa.Infrastructure.Tests.Processes;

/// <summary>A folder of one test, gone with it.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("dalpha-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
