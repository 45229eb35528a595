using System.Diagnostics;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;

namespace DalpHa.Core.Tests.Lab;

public sealed class LabRegistryTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("dalpha-test-").FullName;

    private LabRegistry Registry => new(Path.Combine(root, "labs"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void ARecordComesBackAsItWasWritten()
    {
        var record = Record("lab") with { Control = new Uri("http://127.0.0.1:1"), ControlToken = "t", Databases = [new LabDatabase("a", 1)], Children = [new ProcessIdentity(7, "x")] };
        Registry.Write(record);

        var read = Registry.Read("lab");

        Assert.Equivalent(record, read, strict: true);
        Assert.Equal(["lab"], Registry.Names());
    }

    [Fact]
    public async Task OfManyThatClaimANameOneGetsIt()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Xunit.Record.ExceptionAsync(() => Registry.ClaimAsync(Record("lab"), Token)), Token)));

        Assert.Single(outcomes, outcome => outcome is null);
        Assert.All(outcomes.OfType<Exception>(), outcome => Assert.Equal("LabExists", Assert.IsType<DalpException>(outcome).ErrorId));
        Assert.Single(Directory.GetFiles(Registry.Root));
    }

    [Fact]
    public void ABrokenRecordIsAnErrorAndNotAnAbsentLab()
    {
        Directory.CreateDirectory(Registry.Root);
        File.WriteAllText(Path.Combine(Registry.Root, "lab.json"), "{");

        Assert.Equal("LabRecordUnreadable", Assert.Throws<DalpException>(() => Registry.Read("lab")).ErrorId);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task CleaningRemovesWhatTheLabTook(bool owns, bool remains)
    {
        var folder = Filled();
        await Registry.ClaimAsync(Record("lab") with { Folder = folder, TookFolder = true, OwnsFolder = owns }, Token);

        await Registry.CleanAsync(Registry.Read("lab")!, Token);

        Assert.Equal(remains, Directory.Exists(folder));
        Assert.True(!remains || !Directory.EnumerateFileSystemEntries(folder).Any());
        Assert.Empty(Registry.Names());
    }

    [Fact]
    public async Task AFolderThatWasNeverTakenIsLeftAlone()
    {
        var folder = Filled();
        await Registry.ClaimAsync(Record("lab") with { Folder = folder, TookFolder = false }, Token);

        await Registry.CleanAsync(Registry.Read("lab")!, Token);

        Assert.True(File.Exists(Path.Combine(folder, "file")));
    }

    [Fact]
    public async Task CleaningEndsChildrenButNoStrangerWithTheirNumber()
    {
        using var child = Process.Start(Sleeper())!;
        using var stranger = Process.Start(Sleeper())!;
        try
        {
            var record = Record("lab") with { Children = [ProcessIdentity.Of(child.Id)!, new ProcessIdentity(stranger.Id, "another start")] };
            Registry.Write(record);

            await Registry.CleanAsync(record, Token);

            Assert.True(child.WaitForExit(TimeSpan.FromSeconds(5)));
            Assert.False(stranger.HasExited);
        }
        finally
        {
            stranger.Kill();
        }
    }

    [Fact]
    public void AFolderWithSomethingInItIsRefused()
    {
        var folder = Filled();

        Assert.Equal("LabFolderNotEmpty", Assert.Throws<DalpException>(() => LabFolder.Prepare(folder)).ErrorId);
        Assert.True(File.Exists(Path.Combine(folder, "file")));
    }

    [Theory]
    [InlineData("lab", true)]
    [InlineData("demo-4711", true)]
    [InlineData("", false)]
    [InlineData("../etc", false)]
    [InlineData("Lab", false)]
    [InlineData("a b", false)]
    [InlineData("lab\n", false)]
    public void NamesAreSafeInFileNames(string name, bool good)
    {
        var error = Xunit.Record.Exception(() => LabSettings.ValidateName(name)) as DalpException;

        Assert.Equal(good ? null : "LabNameInvalid", error?.ErrorId);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static ProcessStartInfo Sleeper() => OperatingSystem.IsWindows() ? new ProcessStartInfo("ping", "-n 60 127.0.0.1") : new ProcessStartInfo("sleep", "60");

    private string Filled()
    {
        var folder = Path.Combine(root, "folder");
        Directory.CreateDirectory(Path.Combine(folder, "sub"));
        File.WriteAllText(Path.Combine(folder, "file"), "x");
        return folder;
    }

    private LabRecord Record(string name) => new()
    {
        Name = name,
        Process = new ProcessIdentity(1, "never"),
        StartedAt = DateTimeOffset.UnixEpoch,
        Folder = Path.Combine(root, "none"),
        DatabaseFolder = Path.Combine(root, "none", "databases"),
        KubeconfigPath = "k",
        TopologyPath = "t",
    };
}
