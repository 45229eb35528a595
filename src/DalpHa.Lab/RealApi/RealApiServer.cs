using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DalpHa.Core.Errors;
using DalpHa.Lab.Api;
using DalpHa.Lab.Processes;

namespace DalpHa.Lab.RealApi;

/// <summary>
/// A real kube-apiserver on loopback, with the etcd and the kube-controller-manager that it needs. They end with this process, however it ends.
/// There is no scheduler and no kubelet: what runs in its cluster is left to its clients.
/// </summary>
public sealed class RealApiServer : IAsyncDisposable
{
    private const string ControllerManagerUser = "system:kube-controller-manager";
    private const int Attempts = 3;
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProbeBound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly RealApiServerOptions options;
    private readonly ControlPlaneCommands commands;
    private readonly string ownToken;
    private readonly HttpClient client;
    private readonly ServerProcess etcd;
    private readonly ServerProcess apiServer;
    private readonly ServerProcess controllerManager;
    private ErrorEndpoint? inItsStead;

    private RealApiServer(RealApiServerOptions options, ControlPlaneCommands commands, string ownToken)
    {
        this.options = options;
        this.commands = commands;
        this.ownToken = ownToken;
        client = NewClient();
        etcd = new ServerProcess("etcd", options.Folder);
        apiServer = new ServerProcess("kube-apiserver", options.Folder);
        controllerManager = new ServerProcess("kube-controller-manager", options.Folder);
    }

    /// <summary>Where it listens, for example <c>https://127.0.0.1:6443/</c>.</summary>
    public Uri Address => commands.ApiUrl;

    /// <summary>The certificate of the authority that signed its own, as PEM.</summary>
    public string CertificateAuthorityPem => commands.Keys.AuthorityPem;

    /// <summary>Its version.</summary>
    public Version Version => commands.Version;

    /// <summary>The ids of the programs that run.</summary>
    public IReadOnlyList<int> ProcessIds => new[] { etcd, apiServer, controllerManager }.Select(one => one.ProcessId).OfType<int>().ToList();

    /// <summary>Starts one, and waits until it answers and its controllers work.</summary>
    /// <param name="options">Its name, folder, port and users.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <exception cref="DalpException">The programs are not there, or one of them ended or did not answer in time; the message has its last words.</exception>
    public static async Task<RealApiServer> StartAsync(RealApiServerOptions options, CancellationToken cancellationToken)
    {
        var binaries = RealApiBinaries.Find();
        var version = await binaries.ReadVersionAsync(cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            var server = Prepare(options, binaries, version);
            try
            {
                await server.BringUpAsync(cancellationToken);
                return server;
            }
            catch (Exception exception)
            {
                await server.DisposeAsync();
                // A port that was free when it was chosen may be somebody else's a moment later.
                if (exception is not DalpException { ErrorId: "RealApiPortInUse" } || options.Port != 0 || attempt == Attempts)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>The keys that its servers know each other by.</summary>
    internal ClusterKeys Keys => commands.Keys;

    /// <summary>Stops kube-apiserver from running (SIGSTOP): the kernel still takes connections, and nobody answers, old ones neither.</summary>
    public void Freeze() => apiServer.Freeze();

    /// <summary>Lets a frozen kube-apiserver run again.</summary>
    public void Thaw() => apiServer.Thaw();

    /// <summary>Takes kube-apiserver away, and puts a server in its stead that answers every request with an internal error.</summary>
    public async Task FailAsync(CancellationToken cancellationToken)
    {
        await apiServer.KillAsync(EndBound);
        inItsStead = await ErrorEndpoint.StartAsync(Address.Port, Keys, cancellationToken);
    }

    /// <summary>Puts kube-apiserver back, and waits until it answers.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        await EndErrorsAsync();
        await StartApiServerAsync(cancellationToken);
    }

    /// <summary>Ends all three.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndErrorsAsync();
        // They keep nothing that is worth an orderly end.
        await controllerManager.KillAsync(EndBound);
        await apiServer.KillAsync(EndBound);
        await etcd.KillAsync(EndBound);
        client.Dispose();
    }

    private static RealApiServer Prepare(RealApiServerOptions options, RealApiBinaries binaries, Version version)
    {
        OwnerOnly.CreateFolder(options.Folder);
        var ports = new ControlPlanePorts(options.Port == 0 ? LoopbackPort.Free() : options.Port, LoopbackPort.Free(), LoopbackPort.Free());
        var data = Path.Combine(options.Folder, Path.GetRandomFileName());
        OwnerOnly.CreateFolder(data);
        var keys = ClusterKeys.Create(Path.Combine(options.Folder, "keys"), options.Name, options.Time);
        var commands = new ControlPlaneCommands(binaries, version, keys, data, ports);
        var (ownToken, managerToken) = (NewToken(), NewToken());
        var users = new Dictionary<string, ApiUser>(options.Users)
        {
            [ownToken] = new("lab-watcher", ["system:masters"]),
            [managerToken] = new(ControllerManagerUser, []),
        };
        OwnerOnly.WriteFile(keys.Tokens, string.Concat(users.Select(user => TokenLine(user.Key, user.Value))));
        OwnerOnly.WriteFile(keys.ControllerManagerKubeconfig, Kubeconfig(commands, managerToken));
        return new RealApiServer(options, commands, ownToken);
    }

    private async Task BringUpAsync(CancellationToken cancellationToken)
    {
        etcd.Start(commands.Etcd);
        await StartApiServerAsync(cancellationToken);
        controllerManager.Start(commands.ControllerManager);
        // The first that its controllers make; without it no pod can be made in the namespace.
        await UntilAsync(controllerManager, "api/v1/namespaces/default/serviceaccounts/default", cancellationToken);
    }

    private async Task EndErrorsAsync()
    {
        if (inItsStead is not null)
        {
            await inItsStead.DisposeAsync();
            inItsStead = null;
        }
    }

    private async Task StartApiServerAsync(CancellationToken cancellationToken)
    {
        apiServer.Start(commands.ApiServer);
        await UntilAsync(apiServer, "readyz", cancellationToken);
    }

    private async Task UntilAsync(ServerProcess awaited, string path, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (!await AnswersAsync(path, cancellationToken))
        {
            foreach (var ended in new[] { etcd, apiServer, controllerManager }.Where(one => one.HasEnded))
            {
                throw Failed(ended, "ended while it started");
            }
            if (clock.Elapsed > StartBound)
            {
                throw Failed(awaited, $"was not ready within {StartBound.TotalSeconds:0} s");
            }
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    private async Task<bool> AnswersAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(Address, path), cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private HttpClient NewClient()
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { X509Certificate2.CreateFromPem(CertificateAuthorityPem) },
        };
        return new HttpClient(handler) { Timeout = ProbeBound, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", ownToken) } };
    }

    private DalpException Failed(ServerProcess server, string how)
    {
        var lastWords = server.LastWords();
        var message = $"{server.Name} of '{options.Name}' {how}. Its last words: {lastWords}";
        return lastWords.Contains("address already in use", StringComparison.Ordinal)
            ? new DalpException("RealApiPortInUse", FaultKind.Conflict, message, "End what listens there, or choose other ports.", options.Name)
            : new DalpException("RealApiServerFailed", FaultKind.LocalResource, message, $"See the logs in {options.Folder} if they are still there; check free memory and disk space.", options.Name);
    }

    // The format of --token-auth-file: token, user name, user id, and all groups as one quoted field.
    private static string TokenLine(string token, ApiUser user) => $"{token},{user.Name},{user.Name},\"{string.Join(',', user.Groups)}\"\n";

    private static string Kubeconfig(ControlPlaneCommands commands, string token) => $$"""
        apiVersion: v1
        kind: Config
        clusters: [{ name: lab, cluster: { server: "{{commands.ApiUrl.GetLeftPart(UriPartial.Authority)}}", certificate-authority-data: {{Convert.ToBase64String(Encoding.ASCII.GetBytes(commands.Keys.AuthorityPem))}} } }]
        users: [{ name: manager, user: { token: {{token}} } }]
        contexts: [{ name: lab, context: { cluster: lab, user: manager } }]
        current-context: lab

        """;

    private static string NewToken() => RandomNumberGenerator.GetHexString(48, lowercase: true);
}
