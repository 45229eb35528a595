using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Runs programs in a container of a pod (<c>pods/exec</c>), without input and without a terminal.</summary>
/// <remarks>
/// Each message is led by its channel's byte: 1 is the standard output, 2 the standard error, 3 the status at the end. Version 5 of the protocol adds the end of an
/// input, and we send none. Source: staging/src/k8s.io/apimachinery/pkg/util/remotecommand/constants.go of Kubernetes.
/// </remarks>
internal sealed class PodExec(ApiClient client, TimeSpan timeout, TimeProvider time)
{
    private const byte OutputChannel = 1;
    private const byte ErrorChannel = 2;
    private const byte StatusChannel = 3;
    private const int TimeoutsCode = 124;
    private const int BufferSize = 64 * 1024;
    private const int MaxWords = 4000;

    // About two million commits, and a bound all the same.
    private const long MaxOutput = 256L * 1024 * 1024;

    private static readonly string[] SubProtocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="DalpException">The user may not (<c>PodExecForbidden</c>), it could not be run or its end was not seen (<c>PodExecFailed</c>), there is no such pod (<c>PodNotFound</c>), or it takes too long (<c>PodExecTimedOut</c>).</exception>
    public async Task<ProgramEnd> RunAsync(string @namespace, string pod, string container, string program, IReadOnlyList<string> arguments, Action<string> hear, CancellationToken cancellationToken)
    {
        var target = $"{@namespace}/{pod}";
        // Nobody in the pod notices that we have gone: what we no longer wait for ends by itself.
        var seconds = Math.Ceiling(timeout.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        string[] command = ["env", "LC_ALL=C", "TZ=UTC", "timeout", seconds, program, .. arguments];
        var words = string.Concat(command.Select(word => $"&command={Uri.EscapeDataString(word)}"));
        var path = $"api/v1/namespaces/{Uri.EscapeDataString(@namespace)}/pods/{Uri.EscapeDataString(pod)}/exec?container={Uri.EscapeDataString(container)}&stdout=true&stderr=true{words}";
        try
        {
            // A WebSocket starts with GET, for which a server asks the right to 'get'; newer ones ask for 'create' too, as kubectl's POST needs.
            using var socket = await client.ConnectAsync(new ApiRequest("get", "pods/exec", @namespace, path), SubProtocols, cancellationToken).ConfigureAwait(false);
            using var late = new CancellationTokenSource(timeout, time);
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
            var end = await ReadAsync(socket, target, hear, bound.Token).ConfigureAwait(false);
            return end.ExitCode == TimeoutsCode ? throw TimedOut(target, program, null) : end;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw TimedOut(target, program, exception);
        }
        catch (DalpException exception) when (exception.ErrorId == "ApiForbidden")
        {
            throw new DalpException(
                "PodExecForbidden",
                FaultKind.Forbidden,
                exception.Message,
                $"Let an administrator grant verbs 'get' and 'create' on 'pods/exec' in namespace '{@namespace}', as module/rbac/stopped-database.yaml does, to the people who compare databases.",
                target,
                exception);
        }
        catch (DalpException exception) when (exception.ErrorId == "ApiNotFound")
        {
            throw new DalpException(
                "PodNotFound", FaultKind.NotFound, $"There is no pod {target} to look into.", "Look why it is not there ('kubectl get pods'): its volume may still hold the data.", target, exception);
        }
        catch (TooLongException exception)
        {
            throw Failed(target, $"'{program}' says {exception.Message}", exception);
        }
        catch (WebSocketException exception)
        {
            throw Failed(target, $"the connection broke before '{program}' had ended: {exception.Message}", exception);
        }
    }

    private static async Task<ProgramEnd> ReadAsync(WebSocket socket, string target, Action<string> hear, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferSize];
        var output = new OutputLines(hear, MaxOutput);
        using var errors = new MemoryStream();
        using var status = new MemoryStream();
        byte? channel = null;
        while (true)
        {
            ValueWebSocketReceiveResult received;
            try
            {
                received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
            }
            catch (WebSocketException) when (status.Length > 0)
            {
                // Nothing follows the status; some servers drop the connection behind it without a word.
                break;
            }
            if (received.MessageType == WebSocketMessageType.Close)
            {
                break;
            }
            ReadOnlyMemory<byte> content = buffer.AsMemory(0, received.Count);
            if (channel is null && content.Length > 0)
            {
                channel = content.Span[0];
                content = content[1..];
            }
            switch (channel)
            {
                case OutputChannel:
                    output.Add(content.Span);
                    break;
                case ErrorChannel:
                    Keep(errors, content.Span);
                    break;
                case StatusChannel:
                    Keep(status, content.Span);
                    break;
            }
            channel = received.EndOfMessage ? null : channel;
        }
        output.Finish();
        return new ProgramEnd(ExitCode(status.ToArray(), target), Text(errors));
    }

    // Only a status says that the program has ended, and how: a connection that merely closes proves nothing.
    private static int ExitCode(byte[] json, string target)
    {
        WireExecStatus? status;
        try
        {
            status = json.Length > 0 ? JsonSerializer.Deserialize(json, WireJson.Default.WireExecStatus) : null;
        }
        catch (JsonException exception)
        {
            throw Failed(target, "its end was told in no known form", exception);
        }
        return status switch
        {
            { Status: "Success" } => 0,
            { Status: "Failure", Reason: "NonZeroExitCode" } when status.Details?.Causes?.Find(cause => cause.Reason == "ExitCode")?.Message is { } code
                && int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 => number,
            { Status: "Failure" } => throw Failed(target, status.Message?.Trim() is { Length: > 0 } words ? words : "it does not say why", null),
            _ => throw Failed(target, "the connection closed, and how it ended was not told", null),
        };
    }

    private static void Keep(MemoryStream into, ReadOnlySpan<byte> part) => into.Write(part[..Math.Min(part.Length, Math.Max(0, MaxWords - (int)into.Length))]);

    private static string Text(MemoryStream bytes) => System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length).Trim();

    private DalpException TimedOut(string target, string program, Exception? inner) => new(
        "PodExecTimedOut",
        FaultKind.TimedOut,
        $"'{program}' did not end in pod {target} within {timeout.TotalSeconds.ToString("0.##", CultureInfo.InvariantCulture)} s.",
        "Give -TimeoutSeconds more: a long stretch of WAL takes its time.",
        target,
        inner);

    private static DalpException Failed(string target, string cause, Exception? inner) => new(
        "PodExecFailed",
        FaultKind.Unavailable,
        $"A program could not be run to its end in pod {target}: {cause}",
        "See whether its container runs ('kubectl describe pod'), and whether a proxy before the API server lets WebSockets through.",
        target,
        inner);
}
