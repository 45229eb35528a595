using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Certificates;

namespace DalpHa.Infrastructure.Besu;

/// <summary>Tells a node's failures in DalpHa's terms. An address may hold a key in its path or login: only its host and port are shown.</summary>
internal sealed class BesuFaults(Uri rpc)
{
    private readonly string node = $"The validator node at {rpc.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}";

    public DalpException Unreachable(HttpRequestException exception)
    {
        var cause = exception.GetBaseException().Message;
        var refused = exception.Inner<ServerCertificateException>();
        return refused is not null || exception.HttpRequestError == HttpRequestError.SecureConnectionError
            ? Fail("ValidatorTlsMismatch", FaultKind.Tls, $"has a certificate or TLS setting that does not match: {cause}", refused?.Advice ?? "Correct the validator's rpc address in the topology, or its certificate.", exception)
            : Fail("ValidatorUnreachable", FaultKind.Unreachable, $"can't be reached: {cause}", "Check the network and that the node runs with --rpc-http-enabled. Until then nobody knows whether it signs.", exception);
    }

    public DalpException TimedOut(TimeSpan timeout) =>
        Fail("ValidatorTimedOut", FaultKind.TimedOut, $"gave no complete answer within {timeout.TotalSeconds:0.##} s.", "Look at the node's load and log. Until then nobody knows whether it signs.");

    public DalpException Refused(int status) => status is 401 or 403
        ? Fail("ValidatorUnauthorized", FaultKind.Unauthenticated, $"refuses the request ({status}).", "Let it accept this caller: --host-allowlist, and --rpc-http-authentication-enabled with its credentials.")
        : Fail("ValidatorAnswerInvalid", FaultKind.InvalidAnswer, $"answered with HTTP status {status} instead of JSON-RPC.", "Check the validator's rpc address in the topology.");

    public DalpException Invalid(string cause, Exception? inner = null) =>
        Fail("ValidatorAnswerInvalid", FaultKind.InvalidAnswer, $"gave an answer that does not mean what it should: {cause}.", "Check that the address is a Besu node's JSON-RPC endpoint.", inner);

    public DalpException Failed(string method, RpcError error) => error.Code is RpcAnswer.MethodNotFound or RpcAnswer.MethodNotEnabled
        ? Fail("ValidatorMethodMissing", FaultKind.InvalidAnswer, $"does not offer {method} ({error.Code}: {error.Message}).", "Start the node with --rpc-http-api=ETH,NET,QBFT (or IBFT).")
        : Fail("ValidatorCallFailed", FaultKind.Unavailable, $"failed to answer {method} ({error.Code}: {error.Message}).", "Look at the node's log; a node that is starting has no chain to tell of yet.");

    private DalpException Fail(string errorId, FaultKind kind, string what, string action, Exception? inner = null) =>
        new(errorId, kind, $"{node} {what}", action, rpc.Authority, inner);
}
