using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Infrastructure.Tests.Postgres;
using DalpHa.Infrastructure.Tests.Processes;
using DalpHa.Lab.Api;
using DalpHa.Lab.RealApi;

namespace DalpHa.Infrastructure.Tests.RealApi;

/// <summary>The programs behind a real kube-apiserver: found or not, ended with their parent, and told of when they fail.</summary>
public sealed class RealApiServerTests(RealClusters clusters)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_three_end_with_it()
    {
        Assert.SkipWhen(clusters.SkipReason is not null, clusters.SkipReason ?? "");
        using var folder = new TestFolder();
        List<ProcessIdentity> programs;
        await using (var server = await RealApiServer.StartAsync(new RealApiServerOptions { Name = "short", Folder = folder.Path }, Token))
        {
            programs = server.ProcessIds.Select(ProcessIdentity.Of).OfType<ProcessIdentity>().ToList();
            Assert.Equal(3, programs.Count);
        }
        Assert.DoesNotContain(programs, program => program.IsAlive());
    }

    [Fact]
    public async Task They_end_when_their_parent_is_killed()
    {
        Assert.SkipWhen(clusters.SkipReason is not null, clusters.SkipReason ?? "");
        using var folder = new TestFolder();
        var told = Path.Combine(folder.Path, "programs");
        using var parent = SelfRun.Start<RealApiServerTests>(nameof(Holds_a_server), (FolderVariable, folder.Path));
        List<ProcessIdentity> programs = [];
        try
        {
            await Poll.UntilAsync(() => Task.FromResult(File.Exists(told)), TimeSpan.FromMinutes(2), "the child starts a server");
            programs.AddRange((await File.ReadAllLinesAsync(told, Token)).Select(id => ProcessIdentity.Of(int.Parse(id, null))).OfType<ProcessIdentity>());
            Assert.Equal(3, programs.Count);
        }
        finally
        {
            parent.Kill();
        }
        await Poll.UntilAsync(() => Task.FromResult(!programs.Any(program => program.IsAlive())), TimeSpan.FromSeconds(30), "its programs end");
    }

    [Fact(Explicit = true)]
    public async Task Holds_a_server()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(folder is null, "Run by another test only.");
        await using var server = await RealApiServer.StartAsync(new RealApiServerOptions { Name = "held", Folder = Path.Combine(folder, "server") }, Token);
        var told = Path.Combine(folder, "programs");
        await File.WriteAllLinesAsync(told + ".new", server.ProcessIds.Select(id => id.ToString(null, null)), Token);
        File.Move(told + ".new", told);
        await Task.Delay(TimeSpan.FromMinutes(2), Token);
    }

    [Fact]
    public async Task A_program_that_ends_at_once_is_named_with_its_last_words()
    {
        Assert.SkipWhen(clusters.SkipReason is not null, clusters.SkipReason ?? "");
        using var folder = new TestFolder();
        // A group that the format can't hold makes kube-apiserver refuse its file of tokens.
        var options = new RealApiServerOptions { Name = "broken", Folder = folder.Path, Users = new Dictionary<string, ApiUser> { ["token"] = new("a\"b", []) } };
        var failure = await Assert.ThrowsAsync<DalpException>(() => RealApiServer.StartAsync(options, Token));
        Assert.Equal("RealApiServerFailed", failure.ErrorId);
        Assert.Contains("kube-apiserver of 'broken' ended while it started. Its last words: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("bare \" in non-quoted", failure.Message, StringComparison.Ordinal);
    }

    private const string FolderVariable = "DALPHA_TEST_REAL_API_FOLDER";
}
