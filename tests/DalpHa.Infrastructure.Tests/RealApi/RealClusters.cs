using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Tests.Kubernetes;
using DalpHa.Infrastructure.Tests.RealApi;
using DalpHa.Lab.RealApi;

[assembly: AssemblyFixture(typeof(RealClusters))]

namespace DalpHa.Infrastructure.Tests.RealApi;

/// <summary>
/// Two clusters with a real kube-apiserver each, started when the first test asks for them and shared by the whole run: the one for suites that keep
/// to a namespace of their own, the other for a site of the platform.
/// </summary>
public sealed class RealClusters : IAsyncDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"dalpha-real-{Guid.NewGuid():n}");
    private readonly Lazy<Task<RealApiServer>> forSuites;
    private readonly Lazy<Task<RealApiServer>> forPlatform;

    public RealClusters()
    {
        forSuites = new(() => StartAsync("suites"));
        forPlatform = new(() => StartAsync("platform"));
        try
        {
            RealApiBinaries.Find();
        }
        catch (DalpException exception)
        {
            SkipReason = $"{exception.Message} {exception.RecommendedAction}";
        }
    }

    /// <summary>Why there are none here, or null.</summary>
    public string? SkipReason { get; }

    /// <summary>The cluster for suites.</summary>
    public Task<RealApiServer> ForSuitesAsync() => forSuites.Value;

    /// <summary>The cluster for the platform; nothing else is in it.</summary>
    public Task<RealApiServer> ForPlatformAsync() => forPlatform.Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var cluster in new[] { forSuites, forPlatform }.Where(cluster => cluster.IsValueCreated))
        {
            if (await cluster.Value.ContinueWith(started => started.IsCompletedSuccessfully ? started.Result : null, TaskScheduler.Default) is { } server)
            {
                await server.DisposeAsync();
            }
        }
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Whoever asks first may be cancelled; the cluster is for all.
    private Task<RealApiServer> StartAsync(string name)
    {
        Directory.CreateDirectory(folder);
        var options = new RealApiServerOptions
        {
            Name = name,
            Folder = Path.Combine(folder, name),
            Users = TestUsers.ByToken,
        };
        return RealApiServer.StartAsync(options, CancellationToken.None);
    }
}
