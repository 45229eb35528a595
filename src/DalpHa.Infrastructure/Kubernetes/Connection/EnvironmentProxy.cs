using System.Net;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY ask for, read as kubectl reads them: networks in NO_PROXY count, and a
/// loopback address is never sent to a proxy. The platform's own reading knows neither, and keeps what it read first.
/// </summary>
internal sealed class EnvironmentProxy : IWebProxy
{
    private readonly WebProxy proxy;
    private readonly IReadOnlyList<string> exceptions;

    private EnvironmentProxy(WebProxy proxy, IReadOnlyList<string> exceptions)
    {
        this.proxy = proxy;
        this.exceptions = exceptions;
    }

    /// <inheritdoc/>
    public ICredentials? Credentials
    {
        get => proxy.Credentials;
        set => proxy.Credentials = value;
    }

    /// <summary>The environment's proxy for a server, or null when it names none.</summary>
    public static EnvironmentProxy? For(Uri server, Func<string, string?> variable)
    {
        string? Read(string name) => variable(name) is { Length: > 0 } value ? value : variable(name.ToLowerInvariant());
        if (Read(server.Scheme == Uri.UriSchemeHttps ? "HTTPS_PROXY" : "HTTP_PROXY") is not { Length: > 0 } text)
        {
            return null;
        }
        var exceptions = (Read("NO_PROXY") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Parse(text) is { } proxy ? new EnvironmentProxy(proxy, exceptions) : null;
    }

    /// <summary>A proxy from its URL, with the login that the URL may hold; null when it is no URL.</summary>
    public static WebProxy? Parse(string text)
    {
        if (!Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out var uri))
        {
            return null;
        }
        var login = uri.UserInfo.Split(':', 2);
        // The login leaves the address: the platform shows the address in its errors.
        return new WebProxy(new UriBuilder(uri) { UserName = "", Password = "" }.Uri)
        {
            Credentials = uri.UserInfo.Length == 0 ? null : new NetworkCredential(Uri.UnescapeDataString(login[0]), Uri.UnescapeDataString(login.ElementAtOrDefault(1) ?? "")),
        };
    }

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : proxy.Address;

    /// <inheritdoc/>
    public bool IsBypassed(Uri host) => host.IsLoopback || exceptions.Any(e => Matches(e, host));

    private static bool Matches(string exception, Uri host)
    {
        if (exception == "*")
        {
            return true;
        }
        var name = host.IdnHost;
        if (IPAddress.TryParse(name.Trim('[', ']'), out var address))
        {
            return IPNetwork.TryParse(exception, out var network)
                ? network.Contains(address)
                : (IPAddress.TryParse(exception, out var same) && same.Equals(address)) || exception == $"{name}:{host.Port}";
        }
        var port = exception.LastIndexOf(':');
        if (port >= 0)
        {
            return exception[(port + 1)..] == host.Port.ToString(System.Globalization.CultureInfo.InvariantCulture) && Matches(exception[..port], host);
        }
        var domain = exception.StartsWith("*.", StringComparison.Ordinal) ? exception[1..] : exception;
        return domain.StartsWith('.')
            ? name.EndsWith(domain, StringComparison.OrdinalIgnoreCase)
            : name.Equals(domain, StringComparison.OrdinalIgnoreCase) || name.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase);
    }
}
