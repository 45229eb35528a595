using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text.Json;
using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Certificates;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Tells an API server's failures in DalpHa's terms: one stable id for each cause, and what to do about it.</summary>
/// <param name="context">The kubeconfig context.</param>
/// <param name="server">The API server's address.</param>
internal sealed class ApiFaults(string context, Uri server)
{
    private const int MaxStatusBytes = 64 * 1024;
    private const int MaxServerWords = 300;

    private string Who => $"The API server {server.GetLeftPart(UriPartial.Path).TrimEnd('/')} (context '{context}')";

    /// <summary>The failure that an answer other than success stands for.</summary>
    public async Task<ApiFault> FromAnswerAsync(ApiRequest request, HttpResponseMessage response, TimeProvider time, CancellationToken cancellationToken)
    {
        var said = await ReadStatusAsync(response, cancellationToken).ConfigureAwait(false);
        return From(request, response.StatusCode, said, RetryAfter(response.Headers, time));
    }

    /// <summary>The failure that a status code stands for.</summary>
    public ApiFault From(ApiRequest request, HttpStatusCode code, string? said, TimeSpan? retryAfter = null)
    {
        var words = string.IsNullOrWhiteSpace(said) ? "" : $" It says: {said}";
        return (int)code switch
        {
            401 => Fail("ApiUnauthorized", FaultKind.Unauthenticated, $"{Who} does not accept the credentials (401): they have expired, were revoked, or belong to another cluster.{words}", "Log in again, or fetch the kubeconfig again. 'kubectl --context " + context + " auth can-i get pods' must answer."),
            403 => Fail("ApiForbidden", FaultKind.Forbidden, $"{Who} does not allow this user to {request}.{words}", $"Let an administrator grant it: verb '{request.Verb}' on '{request.Resource}'{(request.Namespace is null ? " (cluster-wide)" : $" in namespace '{request.Namespace}'")}."),
            404 when said is not null => Fail("ApiNotFound", FaultKind.NotFound, $"{Who} has nothing where DalpHa wanted to {request}.{words}", "Check the name and the namespace."),
            404 => Fail("ApiPathNotFound", FaultKind.NotFound, $"{Who} does not know the path at which DalpHa wanted to {request}.", "Check that the server is a Kubernetes API server of a supported version, and the path in the kubeconfig's 'server'."),
            409 => Fail("ApiConflict", FaultKind.Conflict, $"{Who} did not {request}: somebody else made or changed it meanwhile.{words}", "Look at it again, and decide anew."),
            400 or 413 or 422 => Fail("ApiRefused", FaultKind.InvalidInput, $"{Who} refuses to {request} ({(int)code}).{words}", "What it says names the field or the rule. An admission webhook's refusal is the word of whoever runs it."),
            410 => Fail("ApiListExpired", FaultKind.Unavailable, $"{Who} forgot the list while its pages were read ({request}).{words}", "Try again; if it happens often, the API server is overloaded or etcd compacts too eagerly."),
            429 => Fail("ApiThrottled", FaultKind.Unavailable, $"{Who} refuses requests because there are too many (429){(retryAfter is { } wait ? $", and asks to wait {wait.TotalSeconds:0.#} s" : "")}.{words}", "Try again later or raise -TimeoutSeconds; look for a client that floods the server (API priority and fairness).", true, retryAfter, isUndone: true),
            500 or 502 or 503 or 504 => Fail("ApiServerError", FaultKind.Unavailable, $"{Who} failed with {(int)code} when asked to {request}.{words}", "Look at the API server's health ('kubectl get --raw /readyz?verbose') and at what stands before it.", true, retryAfter),
            _ => Fail("ApiAnswerInvalid", FaultKind.InvalidAnswer, $"{Who} answered {(int)code} when asked to {request}, which a Kubernetes API server does not.{words}", "Check the kubeconfig's 'server' and 'proxy-url': something else seems to answer there."),
        };
    }

    /// <summary>The failure of a request that brought no answer, or only part of one.</summary>
    public ApiFault FromException(ApiRequest request, Exception exception)
    {
        if (exception.Inner<ServerCertificateException>() is { } refused)
        {
            return Fail("ApiTlsMismatch", FaultKind.Tls, $"{Who} is not trusted: {refused.Message}.", refused.Advice ?? "Fetch the kubeconfig again, or correct certificate-authority and tls-server-name. Do not switch verification off.", inner: exception);
        }
        return exception switch
        {
            DalpException known => new ApiFault(known),
            WebSocketException { InnerException: { } cause } => FromException(request, cause),
            TooLongException => Invalid(request, $"sends {exception.Message}", exception),
            JsonException => Invalid(request, "is not the JSON that it should be", exception),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } when exception.Inner<AuthenticationException>() is null =>
                Unreachable($"it takes the connection and drops it before TLS begins: {Innermost(exception)}", exception, isTransient: true),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => Fail("ApiTlsMismatch", FaultKind.Tls, $"No TLS connection to {Lower(Who)}: {Innermost(exception)}", "Check that the kubeconfig's 'server' is the API server's TLS port, and that the client certificate is of this cluster.", inner: exception),
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => Unreachable($"the name '{server.IdnHost}' can't be resolved", exception),
            HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } => Unreachable($"the proxy refuses: {Innermost(exception)}", exception),
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => Unreachable(Innermost(exception), exception, exception.Inner<SocketException>()?.SocketErrorCode == SocketError.ConnectionReset, isUndone: true),
            HttpRequestException or IOException or SocketException or WebSocketException => Unreachable($"the connection broke: {Innermost(exception)}", exception, isTransient: true),
            _ => new ApiFault(new DalpException("ApiRequestFailed", FaultKind.Internal, $"{Who} could not be asked to {request}: {exception.GetType().Name}: {Innermost(exception)}", "Treat the result as Unknown, and report this.", context, exception)),
        };
    }

    /// <summary>Nothing came, or not all of it, within the bound.</summary>
    public DalpException TimedOut(ApiRequest request, TimeSpan timeout) => new(
        "ApiTimedOut",
        FaultKind.TimedOut,
        $"{Who} gave no complete answer within {timeout.TotalSeconds:0.##} s when asked to {request}.",
        "Check the network and the API server's load; raise -TimeoutSeconds for a slow link.",
        context);

    /// <summary>An answer that does not mean what it should.</summary>
    public ApiFault Invalid(ApiRequest request, string cause, Exception? inner = null) =>
        Fail("ApiAnswerInvalid", FaultKind.InvalidAnswer, $"{Who} was asked to {request}, and its answer {cause}.", "Check the kubeconfig's 'server' and 'proxy-url': something else, or a broken proxy, seems to answer there.", inner: inner);

    private ApiFault Unreachable(string cause, Exception inner, bool isTransient = false, bool isUndone = false) =>
        Fail("ApiUnreachable", FaultKind.Unreachable, $"{Who} can't be reached: {cause}", "Check network, VPN, proxy (HTTPS_PROXY, NO_PROXY) and that the API server runs.", isTransient, inner: inner, isUndone: isUndone);

    private ApiFault Fail(string errorId, FaultKind kind, string message, string action, bool isTransient = false, TimeSpan? retryAfter = null, Exception? inner = null, bool isUndone = false) =>
        new(new DalpException(errorId, kind, message, action, context, inner), isTransient, retryAfter, isUndone);

    // A Kubernetes error is a Status object with a message for people; anything else (a proxy's page) is not worth repeating.
    private static async Task<string?> ReadStatusAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using var bounded = new BoundedStream(stream, MaxStatusBytes);
            var status = await JsonSerializer.DeserializeAsync(bounded, WireJson.Default.WireStatus, cancellationToken).ConfigureAwait(false);
            return status?.Message is { Length: > MaxServerWords } words ? words[..MaxServerWords] + "…" : status?.Message;
        }
        catch (Exception exception) when (exception is JsonException or TooLongException or HttpRequestException or IOException)
        {
            return null;
        }
    }

    // A date is one of the server's clock, and so is the answer's own: between the two lies the wait, however wrong our clock is.
    private static TimeSpan? RetryAfter(HttpResponseHeaders headers, TimeProvider time) =>
        headers.RetryAfter?.Delta ?? (headers.RetryAfter?.Date is { } date ? TimeSpan.FromTicks(Math.Max(0, (date - (headers.Date ?? time.GetUtcNow())).Ticks)) : null);

    private static string Innermost(Exception exception) => exception.GetBaseException().Message;

    private static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];
}
