using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using DalpHa.Core.Errors;

namespace DalpHa.Lab.RealApi;

/// <summary>Where this machine keeps the programs of a Kubernetes control plane.</summary>
/// <param name="Folder">The folder that holds <c>etcd</c>, <c>kube-apiserver</c> and <c>kube-controller-manager</c>.</param>
public sealed partial record RealApiBinaries(string Folder)
{
    /// <summary>The variable that names the folder; other test environments for Kubernetes use it too.</summary>
    public const string Variable = "KUBEBUILDER_ASSETS";

    private const string HowToGetThem =
        $"On Debian make them with ./build.sh envtest (about five minutes, nothing is installed). Elsewhere let {Variable} name a folder that holds etcd, kube-apiserver and kube-controller-manager.";

    private static readonly TimeSpan VersionBound = TimeSpan.FromSeconds(30);

    /// <summary>The path of etcd.</summary>
    public string Etcd => Path.Combine(Folder, "etcd");

    /// <summary>The path of kube-apiserver.</summary>
    public string ApiServer => Path.Combine(Folder, "kube-apiserver");

    /// <summary>The path of kube-controller-manager.</summary>
    public string ControllerManager => Path.Combine(Folder, "kube-controller-manager");

    private bool IsComplete => File.Exists(Etcd) && File.Exists(ApiServer) && File.Exists(ControllerManager);

    /// <summary>Finds them: the folder that KUBEBUILDER_ASSETS names and no other, else the newest that <c>./build.sh envtest</c> made.</summary>
    /// <exception cref="DalpException">There are none (<c>RealApiBinariesNotFound</c>), or the platform can't run them (<c>RealApiUnsupported</c>).</exception>
    public static RealApiBinaries Find()
    {
        if (OperatingSystem.IsWindows())
        {
            throw new DalpException(
                "RealApiUnsupported", FaultKind.LocalResource, "A real kube-apiserver is run on Linux and macOS only: on Windows it could outlive the process that started it.", "Use the lab's own API, or WSL.");
        }
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
        {
            var binaries = new RealApiBinaries(Path.GetFullPath(chosen));
            return binaries.IsComplete ? binaries : throw NotFound($"{Variable} names '{chosen}', which does not hold etcd, kube-apiserver and kube-controller-manager.");
        }
        return InCache() ?? throw NotFound($"There is no real kube-apiserver on this machine: {Variable} is not set, and {CacheFolder} holds none.");
    }

    /// <summary>Asks kube-apiserver for its version.</summary>
    /// <exception cref="DalpException">It can't be run, or says none (<c>RealApiBinariesUnusable</c>).</exception>
    public async Task<Version> ReadVersionAsync(CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(VersionBound);
        try
        {
            using var program = Process.Start(new ProcessStartInfo(ApiServer, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            using var end = bound.Token.Register(() => program.Kill());
            var text = await program.StandardOutput.ReadToEndAsync(bound.Token);
            return Said().Match(text) is { Success: true } match ? Version.Parse(match.Groups[1].Value) : throw Unusable($"it names no version, and says: {text.Trim()}");
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
        {
            throw Unusable(exception.Message, exception);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unusable($"it did not tell its version within {VersionBound.TotalSeconds:0} s");
        }
    }

    // XDG Base Directory Specification: what can be made again.
    private static string CacheFolder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "dalpha",
        "envtest");

    private static RealApiBinaries? InCache() => !Directory.Exists(CacheFolder)
        ? null
        : Directory.GetDirectories(CacheFolder)
            .Select(folder => (Version: Version.TryParse(Path.GetFileName(folder), out var version) ? version : null, Binaries: new RealApiBinaries(folder)))
            .Where(entry => entry.Version is not null && entry.Binaries.IsComplete)
            .OrderByDescending(entry => entry.Version)
            .Select(entry => entry.Binaries)
            .FirstOrDefault();

    private static DalpException NotFound(string message) => new("RealApiBinariesNotFound", FaultKind.NotFound, message, HowToGetThem);

    private DalpException Unusable(string why, Exception? cause = null) =>
        new("RealApiBinariesUnusable", FaultKind.LocalResource, $"{ApiServer} can't be used: {why}", HowToGetThem, ApiServer, cause);

    [GeneratedRegex(@"v(\d{1,4}\.\d{1,4}\.\d{1,4})")]
    private static partial Regex Said();
}
