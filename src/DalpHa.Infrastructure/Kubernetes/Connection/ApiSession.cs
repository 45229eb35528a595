using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Configuration;
using k8s;
using k8s.Authentication;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// Connections to one API server under one set of credentials. KubernetesClient holds the credentials and the client certificate; trust, the
/// name in the handshake and the proxy are ours. New credentials mean a new session: a connection keeps the certificate it was made with.
/// </summary>
internal sealed class ApiSession : IDisposable
{
    private readonly k8s.Kubernetes client;
    private readonly string? tlsServerName;

    private ApiSession(k8s.Kubernetes client, string? tlsServerName, DateTimeOffset? expiresAt)
    {
        this.client = client;
        this.tlsServerName = string.IsNullOrEmpty(tlsServerName) ? null : tlsServerName;
        ExpiresAt = expiresAt;
    }

    /// <summary>When the credentials end, or null when they do not say.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    /// <summary>The API server's address. A login in it is dropped, as kubectl does: an address is shown, and credentials are the user's.</summary>
    /// <exception cref="DalpException">The kubeconfig has none, or not an HTTP one.</exception>
    public static Uri ServerOf(KubeconfigEntry entry) =>
        Uri.TryCreate(entry.Cluster.Server, UriKind.Absolute, out var server) && (server.Scheme == Uri.UriSchemeHttps || server.Scheme == Uri.UriSchemeHttp)
            ? new UriBuilder(server) { UserName = "", Password = "" }.Uri
            : throw Incomplete(entry, "has a server that is not an https:// address", "Correct the cluster's 'server'.");

    /// <summary>Makes a session; connects to nothing.</summary>
    /// <param name="entry">The kubeconfig's settings.</param>
    /// <param name="trust">Whose server certificates count.</param>
    /// <param name="plugin">What the credential plugin gave, or null when there is none.</param>
    /// <param name="timeout">The bound on making a connection.</param>
    /// <exception cref="DalpException">The credentials can't be used.</exception>
    public static ApiSession Create(KubeconfigEntry entry, ServerTrust trust, ExecStatus? plugin, TimeSpan timeout)
    {
        var configuration = new KubernetesClientConfiguration
        {
            Host = ServerOf(entry).AbsoluteUri,
            UserAgent = $"DalpHa/{typeof(ApiSession).Assembly.GetName().Version?.ToString(3)}",
            FirstMessageHandlerSetup = handler => SetUp(handler, entry, trust, timeout),
        };
        SetCredentials(configuration, entry, plugin);
        try
        {
            foreach (var file in new[] { configuration.ClientCertificateFilePath, configuration.ClientKeyFilePath }.Where(file => !string.IsNullOrEmpty(file)))
            {
                BoundedFile.RequireRegular(file!);
            }
            var client = new k8s.Kubernetes(configuration);
            Impersonate(client.HttpClient, entry.User);
            return new ApiSession(client, entry.Cluster.TlsServerName, plugin?.ExpirationTimestamp);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw Incomplete(entry, $"has a client certificate that can't be used: {exception.Message}", "Fetch the kubeconfig again, or correct its client-certificate and client-key.", exception);
        }
    }

    /// <summary>Sends a request and gives the answer as soon as its headers are there.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(client.BaseUri, path)) { Content = content, Version = HttpVersion.Version20 };
        // The platform takes the name for the TLS handshake, and the one to check, from this header and from nowhere else.
        request.Headers.Host = tlsServerName;
        request.Headers.Accept.ParseAdd("application/json");
        await AuthorizeAsync(request, cancellationToken).ConfigureAwait(false);
        return await client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a WebSocket with the session's credentials, trust and proxy.</summary>
    /// <exception cref="WebSocketRefusedException">The server answered with a status instead.</exception>
    public async Task<ClientWebSocket> ConnectAsync(string path, IReadOnlyList<string> subProtocols, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        try
        {
            foreach (var subProtocol in subProtocols)
            {
                socket.Options.AddSubProtocol(subProtocol);
            }
            socket.Options.CollectHttpResponseDetails = true;
            using var headers = new HttpRequestMessage();
            headers.Headers.Host = tlsServerName;
            await AuthorizeAsync(headers, cancellationToken).ConfigureAwait(false);
            foreach (var header in headers.Headers)
            {
                socket.Options.SetRequestHeader(header.Key, string.Join(", ", header.Value));
            }
            var address = new UriBuilder(new Uri(client.BaseUri, path)) { Scheme = client.BaseUri.Scheme == Uri.UriSchemeHttps ? "wss" : "ws" };
            await socket.ConnectAsync(address.Uri, client.HttpClient, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch (WebSocketException exception) when (socket.HttpStatusCode != 0)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            throw new WebSocketRefusedException(status, exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => client.Dispose();

    private Task AuthorizeAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        client.Credentials?.ProcessHttpRequestAsync(request, cancellationToken) ?? Task.CompletedTask;

    private static void SetUp(SocketsHttpHandler handler, KubeconfigEntry entry, ServerTrust trust, TimeSpan timeout)
    {
        handler.SslOptions.RemoteCertificateValidationCallback = trust.Accept;
        handler.ConnectTimeout = timeout;
        handler.AutomaticDecompression = DecompressionMethods.GZip;
        // An API server does not redirect; whoever does would be sent the credentials.
        handler.AllowAutoRedirect = false;
        // A dead connection is noticed and left within about the time that one request may take, instead of every later request waiting on it.
        var half = TimeSpan.FromSeconds(Math.Clamp(timeout.TotalSeconds / 2, 1, 20));
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always;
        handler.KeepAlivePingDelay = half;
        handler.KeepAlivePingTimeout = half;
        handler.Proxy = entry.Cluster.ProxyUrl is { Length: > 0 } chosen
            ? EnvironmentProxy.Parse(chosen) ?? throw Incomplete(entry, "has a proxy-url that is not an address", "Correct the cluster's 'proxy-url'.")
            : EnvironmentProxy.For(ServerOf(entry), Environment.GetEnvironmentVariable);
        handler.UseProxy = handler.Proxy is not null;
    }

    private static void SetCredentials(KubernetesClientConfiguration configuration, KubeconfigEntry entry, ExecStatus? plugin)
    {
        var user = entry.User;
        if (plugin is not null)
        {
            // A plugin prints PEM text; the configuration takes it as a kubeconfig has it.
            configuration.ClientCertificateData = Base64(plugin.ClientCertificateData);
            configuration.ClientCertificateKeyData = Base64(plugin.ClientKeyData);
            configuration.AccessToken = plugin.Token;
            return;
        }
        if (user.AuthProvider is { } provider)
        {
            throw Incomplete(entry, $"uses the auth-provider '{provider.Name}', which Kubernetes has replaced with credential plugins", "Fetch the kubeconfig again with a current tool (kubelogin, gke-gcloud-auth-plugin, …).");
        }
        // Data beats files, a token file beats a token, and a token beats a password, as in kubectl.
        var hasData = !string.IsNullOrEmpty(user.ClientCertificateData);
        configuration.ClientCertificateData = user.ClientCertificateData;
        configuration.ClientCertificateFilePath = hasData ? null : user.ClientCertificate;
        configuration.ClientCertificateKeyData = user.ClientKeyData;
        configuration.ClientKeyFilePath = string.IsNullOrEmpty(user.ClientKeyData) ? user.ClientKey : null;
        configuration.TokenProvider = user.TokenFile is { } file ? ReadTokensFrom(file, entry) : null;
        configuration.AccessToken = user.Token;
        configuration.Username = user.UserName;
        configuration.Password = user.Password;
    }

    private static TokenFileAuth ReadTokensFrom(string file, KubeconfigEntry entry)
    {
        try
        {
            BoundedFile.RequireRegular(file);
            using var readable = File.OpenRead(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Incomplete(entry, $"has a tokenFile that can't be read: {exception.Message}", "Check that whatever writes the token runs, and that this user may read it.", exception);
        }
        return new TokenFileAuth(file);
    }

    private static string? Base64(string? text) => string.IsNullOrEmpty(text) ? null : Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));

    // Without these headers the request would run with the caller's own, usually wider, rights.
    private static void Impersonate(HttpClient client, UserSettings user)
    {
        if (string.IsNullOrEmpty(user.Impersonate))
        {
            return;
        }
        client.DefaultRequestHeaders.TryAddWithoutValidation("Impersonate-User", user.Impersonate);
        if (!string.IsNullOrEmpty(user.ImpersonateUid))
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Impersonate-Uid", user.ImpersonateUid);
        }
        client.DefaultRequestHeaders.TryAddWithoutValidation("Impersonate-Group", user.ImpersonateGroups ?? []);
        foreach (var (key, values) in user.ImpersonateExtra ?? [])
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Impersonate-Extra-" + Uri.EscapeDataString(key), values);
        }
    }

    private static DalpException Incomplete(KubeconfigEntry entry, string cause, string action, Exception? inner = null) =>
        new("KubeconfigIncomplete", FaultKind.InvalidInput, $"The context '{entry.Context}' {cause}.", action, entry.Context, inner);
}

/// <summary>The server answered a WebSocket's request with a status instead of a socket.</summary>
internal sealed class WebSocketRefusedException(HttpStatusCode status, Exception inner) : Exception(inner.Message, inner)
{
    /// <summary>The status.</summary>
    public HttpStatusCode Status { get; } = status;
}
