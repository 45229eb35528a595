using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>
/// pods/exec over a web socket, without input and without a terminal: every message is led by its channel's byte, and the last one tells on channel 3 how the
/// program ended. Sources: pkg/util/remotecommand/constants.go of k8s.io/apimachinery, pkg/cri/streaming/remotecommand of k8s.io/kubelet.
/// </summary>
/// <param name="programs">What can be run; null when nothing can.</param>
internal sealed class PodExec(IPodPrograms? programs)
{
    private static readonly string[] Protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

    /// <summary>Serves an API server's request.</summary>
    public Task ServeAsync(HttpContext http, StoredObject pod, CancellationToken cancellation)
    {
        var containers = (pod.Value.At("spec.containers") as JsonArray ?? []).Select(container => container.Text("name")!).ToList();
        var named = http.Request.Query["container"].ToString();
        return named.Length > 0 && !containers.Contains(named)
            ? throw ApiException.BadRequest($"container {named} is not valid for pod {pod.Name}")
            : ServeAsync(http, pod.Name, programs, Protocols, option => http.Request.Query[option].ToString() is "true" or "1", cancellation);
    }

    /// <summary>Serves a kubelet's request, to which an API server passes its own client's through; its parameters have other names.</summary>
    public static Task ServeKubeletAsync(HttpContext http, string pod, IPodPrograms? programs, CancellationToken cancellation) =>
        ServeAsync(http, pod, programs, ["v4.channel.k8s.io"], option => http.Request.Query[KubeletsName(option)].ToString() is "1", cancellation);

    private static string KubeletsName(string option) => option switch { "stdin" => "input", "stdout" => "output", "stderr" => "error", _ => option };

    private static async Task ServeAsync(HttpContext http, string pod, IPodPrograms? programs, string[] protocols, Func<string, bool> asks, CancellationToken cancellation)
    {
        if (!http.WebSockets.IsWebSocketRequest || http.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(protocols.Contains) is not { } protocol)
        {
            throw ApiException.BadRequest($"the lab runs programs over web sockets with the protocols {string.Join(" and ", protocols)} only");
        }
        var command = http.Request.Query["command"].Select(word => word ?? "").ToList();
        if (command.Count == 0)
        {
            throw ApiException.BadRequest("you must specify at least one command for the container");
        }
        if (asks("stdin") || asks("tty"))
        {
            throw ApiException.BadRequest("the lab runs programs without input and without a terminal only");
        }
        if (!asks("stdout") && !asks("stderr"))
        {
            throw ApiException.BadRequest("you must specify at least 1 of stdin, stdout, stderr");
        }
        using var socket = await http.WebSockets.AcceptWebSocketAsync(protocol);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, http.RequestAborted);
        using var sending = new SemaphoreSlim(1);
        try
        {
            var leaving = LeaveAsync(socket, ending);
            var status = await EndAsync(pod, programs, command, (isError, bytes) => asks(isError ? "stderr" : "stdout") ? SendAsync(isError ? (byte)2 : (byte)1, bytes) : Task.CompletedTask, ending.Token);
            await SendAsync(3, Encoding.UTF8.GetBytes(status.ToJsonString()));
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, ending.Token);
            await leaving;
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            // The client hung up.
        }

        async Task SendAsync(byte channel, ReadOnlyMemory<byte> content)
        {
            await sending.WaitAsync(ending.Token);
            try
            {
                await socket.SendAsync((byte[])[channel, .. content.Span], WebSocketMessageType.Binary, true, ending.Token);
            }
            finally
            {
                sending.Release();
            }
        }
    }

    // Nothing is expected from the client but its end.
    private static async Task LeaveAsync(WebSocket socket, CancellationTokenSource ending)
    {
        try
        {
            var buffer = new byte[256];
            while ((await socket.ReceiveAsync(buffer.AsMemory(), ending.Token)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            // It hung up without a word.
        }
        await ending.CancelAsync();
    }

    private static async Task<JsonObject> EndAsync(string pod, IPodPrograms? programs, List<string> command, Func<bool, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellation)
    {
        try
        {
            var code = await (programs ?? throw new ProgramNotFoundException(command[0])).RunAsync(pod, command, write, cancellation);
            return code == 0 ? Status("Success") : Failure(
                $"command terminated with non-zero exit code: error executing command, exit code {code}",
                "NonZeroExitCode",
                new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ExitCode", ["message"] = code.ToString(CultureInfo.InvariantCulture) }) });
        }
        catch (ProgramNotFoundException error)
        {
            return Failure($"Internal error occurred: error executing command in container: {error.Message}", "InternalError", new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["message"] = error.Message }) });
        }
    }

    private static JsonObject Failure(string message, string reason, JsonObject details)
    {
        var status = Status("Failure");
        status["message"] = message;
        status["reason"] = reason;
        status["details"] = details;
        return status;
    }

    private static JsonObject Status(string status) => new() { ["metadata"] = new JsonObject(), ["status"] = status };
}
