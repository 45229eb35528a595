using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// Runs a kubeconfig's credential plugin: with its own bound, killed with all that it started when it is late or nobody waits any more, and with its
/// last words in the error.
/// </summary>
internal sealed class ExecPlugin
{
    private const string Group = ExecCredential.Group;

    private readonly KubeconfigEntry entry;
    private readonly ExecSettings settings;
    private readonly TimeSpan timeout;

    /// <summary>Describes the plugin; nothing runs yet.</summary>
    /// <exception cref="DalpException">The kubeconfig asks for something that no plugin of ours can do.</exception>
    public ExecPlugin(KubeconfigEntry entry, TimeSpan timeout)
    {
        this.entry = entry;
        this.timeout = timeout;
        settings = entry.User.Exec!;
        if (string.IsNullOrWhiteSpace(settings.Command))
        {
            throw Unusable("has no 'command'", "Add it, or fetch the kubeconfig again.");
        }
        if (settings.ApiVersion is not (Group + "v1" or Group + "v1beta1"))
        {
            throw Unusable($"has apiVersion '{settings.ApiVersion}'", $"Set {Group}v1 or {Group}v1beta1 and a plugin that speaks it.");
        }
        if (settings.InteractiveMode == "Always")
        {
            throw Unusable("has interactiveMode Always, and DalpHa gives a plugin no terminal", "Log in first with the plugin's own command, and set interactiveMode IfAvailable.");
        }
    }

    /// <summary>Runs it once.</summary>
    /// <exception cref="DalpException">It is not installed, failed, was late, or printed no credential.</exception>
    public async Task<ExecStatus> RunAsync(CancellationToken cancellationToken)
    {
        var program = ProgramPath.Find(settings.Command!) ?? throw Failed(
            "is not installed: there is no such program in PATH",
            settings.InstallHint is { Length: > 0 } hint ? hint.Trim() : "Install it, or correct 'command' in the kubeconfig.");
        using var process = Start(program);
        using var late = new CancellationTokenSource(timeout);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var words = new PluginWords();
        try
        {
            // Both streams are read to their end before the exit code counts, and a child that inherits them can hold them open: hence the bound.
            var reading = Task.WhenAll(words.ReadOutputAsync(process.StandardOutput, bound.Token), words.ReadErrorsAsync(process.StandardError, bound.Token));
            await reading.WaitAsync(bound.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(bound.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? Understand(words) : throw Failed($"ended with exit code {process.ExitCode}", Advice, words);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Error("CredentialPluginTimedOut", FaultKind.TimedOut, $"did not end within {timeout.TotalSeconds:0.#} s and was killed", "Run it by hand: it may wait for a login or a browser. Raise -TimeoutSeconds if it is only slow.", words);
        }
        finally
        {
            Kill(process);
        }
    }

    private static string Advice => "Run it by hand as this user; it usually needs a fresh login.";

    private Process Start(string program)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        foreach (var argument in settings.Arguments ?? [])
        {
            start.ArgumentList.Add(argument ?? "");
        }
        foreach (var variable in settings.Environment ?? [])
        {
            if (variable is { Name.Length: > 0 })
            {
                start.Environment[variable.Name] = variable.Value ?? "";
            }
        }
        start.Environment["KUBERNETES_EXEC_INFO"] = JsonSerializer.Serialize(Describe(), ExecJson.Default.ExecCredential);
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception exception)
        {
            throw Failed($"could not be started: {exception.Message}", "Check that the file is a program and that this user may run it.");
        }
    }

    private ExecCredential Describe() => new()
    {
        ApiVersion = settings.ApiVersion,
        Kind = "ExecCredential",
        Spec = new ExecSpec
        {
            Interactive = false,
            Cluster = !settings.ProvideClusterInfo ? null : new ExecCluster
            {
                Server = entry.Cluster.Server,
                TlsServerName = entry.Cluster.TlsServerName,
                SkipTlsVerify = entry.Cluster.SkipTlsVerify,
                CertificateAuthorityData = ServerTrust.ReadAuthorityPem(entry),
                ProxyUrl = entry.Cluster.ProxyUrl,
            },
        },
    };

    private ExecStatus Understand(PluginWords words)
    {
        ExecCredential? credential;
        try
        {
            credential = JsonSerializer.Deserialize(words.Output, ExecJson.Default.ExecCredential);
        }
        catch (JsonException)
        {
            // Its words may quote the output, and the output holds a token.
            throw Failed("printed something that is not JSON", Advice, words);
        }
        if (credential is not { Kind: "ExecCredential" } || credential.ApiVersion != settings.ApiVersion)
        {
            throw Failed($"printed {Version(credential)} instead of an ExecCredential of '{settings.ApiVersion}'", "Set the apiVersion that the plugin speaks, or update the plugin.", words);
        }
        return credential.Status is { HasCredential: true } status ? status : throw Failed("printed neither a token nor a client certificate with its key", Advice, words);
    }

    // Where the output is not what it should be, a token may stand anywhere in it: only what is known to be none is shown.
    private static string Version(ExecCredential? printed) => printed is { Kind: "ExecCredential", ApiVersion: Group + "v1alpha1" or Group + "v1beta1" or Group + "v1" }
        ? $"one of '{printed.ApiVersion}'"
        : "JSON of another kind or version";

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended by itself, which is what was wanted.
        }
    }

    private DalpException Unusable(string cause, string action) => new(
        "CredentialPluginUnusable",
        FaultKind.InvalidInput,
        $"The credential plugin of context '{entry.Context}' can't be run: its kubeconfig entry {cause}.",
        action,
        entry.Context);

    private DalpException Failed(string cause, string action, PluginWords? words = null) =>
        Error("CredentialPluginFailed", FaultKind.Unauthenticated, cause, action, words);

    private DalpException Error(string errorId, FaultKind kind, string cause, string action, PluginWords? words) => new(
        errorId, kind, $"The credential plugin '{settings.Command}' of context '{entry.Context}' {cause}.{(words is null ? "" : $" {words.LastWords()}")}", action, entry.Context);
}
