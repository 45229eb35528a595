using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DalpHa.Core.Failover;

/// <summary>Tells those whom the runbook names how a failover goes. Nothing waits for them but its end, and that no longer than the runbook gives them.</summary>
/// <param name="id">The failover's id.</param>
/// <param name="world">The runbook, and how its people are reached.</param>
/// <param name="warn">Is told who could not be told.</param>
public sealed class FailoverNotifier(string id, FailoverWorld world, Action<string> warn) : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<Task> telling = [];

    /// <summary>Tells a point of the failover to all who want to know of it.</summary>
    /// <param name="point">The point.</param>
    /// <param name="step">The step, or null when it is about the whole.</param>
    /// <param name="text">What there is to tell; never a secret.</param>
    public void Tell(NotificationPoint point, string? step, string text)
    {
        var message = new JsonObject
        {
            ["failoverId"] = id,
            ["topology"] = world.Topology.Name,
            ["kind"] = world.Kind.ToString(),
            ["point"] = point.ToString(),
            ["step"] = step,
            ["text"] = text,
            ["at"] = world.Time.GetUtcNow(),
        }.ToJsonString(Plain);
        telling.AddRange(world.Runbook.Notifications.Where(one => one.At.Contains(point)).Select(one => TellAsync(one, message)));
    }

    /// <summary>Waits until all are told, or their time is over.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(telling).ConfigureAwait(false);

    private async Task TellAsync(RunbookNotification who, string message)
    {
        var name = who.Webhook?.Host ?? Path.GetFileName(who.Hook);
        using var bound = new CancellationTokenSource(who.Timeout, world.Time);
        try
        {
            await (who.Webhook is { } address ? world.PostAsync(address, message, bound.Token) : world.RunHookAsync(new HookCall(who.Hook!, message), bound.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            warn($"{name} could not be told within {who.Timeout.TotalSeconds:0} s.");
        }
#pragma warning disable CA1031 // Whatever it is: that somebody could not be told is no reason to lose what there is to tell.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            warn($"{name} could not be told: {exception.Message}");
        }
    }
}
