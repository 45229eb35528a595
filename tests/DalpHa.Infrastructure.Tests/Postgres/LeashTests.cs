using System.Diagnostics;
using System.Globalization;
using DalpHa.Infrastructure.Tests.Processes;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>That servers end with the process that started them, even when it is killed.</summary>
public sealed class LeashTests
{
    private const string FileVariable = "DALPHA_TEST_LEASH_FILE";

    [Fact]
    public async Task A_server_ends_when_its_parent_is_killed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A child process outlives its parent there.");
        var folder = PairFolder.New();
        var file = folder + ".txt";
        using var parent = SelfRun.Start<LeashTests>(nameof(Holds_a_server), (FileVariable, file));
        var server = 0;
        try
        {
            await Poll.UntilAsync(() => Task.FromResult(File.Exists(file)), TimeSpan.FromSeconds(30), "the child starts a server");
            server = int.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
            Assert.True(IsRunning(server));
        }
        finally
        {
            parent.Kill();
        }
        await Poll.UntilAsync(() => Task.FromResult(!IsRunning(server)), TimeSpan.FromSeconds(15), "the server ends");
        File.Delete(file);
        Directory.Delete(folder, recursive: true);
    }

    [Fact(Explicit = true)]
    public async Task Holds_a_server()
    {
        var file = Environment.GetEnvironmentVariable(FileVariable);
        Assert.SkipWhen(file is null, "Run by another test only.");
        var options = new PostgresServerOptions { Name = "held", Folder = Path.ChangeExtension(file, null), Password = "held" };
        await using var server = await PostgresServer.InitializeAsync(options, TestContext.Current.CancellationToken);
        await server.StartAsync(TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(file + ".new", server.ProcessId!.Value.ToString(CultureInfo.InvariantCulture), TestContext.Current.CancellationToken);
        File.Move(file + ".new", file);
        await Task.Delay(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
    }

    private static bool IsRunning(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
