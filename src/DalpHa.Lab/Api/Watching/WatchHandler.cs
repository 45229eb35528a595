using System.Text;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Reading;
using DalpHa.Lab.Api.Selection;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Watching;

/// <summary>Answers watches: one JSON event a line, until the client goes, the time is up or the endpoint breaks.</summary>
internal sealed class WatchHandler(ObjectStore store, FaultGate faults, ApiServerOptions options)
{
    private static readonly TimeSpan LongestWatch = TimeSpan.FromMinutes(40);

    public async Task WatchAsync(ApiRequest request, CancellationToken cancellation)
    {
        var selection = request.Selection;
        var version = request.ResourceVersion;
        var initial = request.Query("sendInitialEvents") is { Length: > 0 } wanted ? wanted is "true" or "1" : version is null or 0;
        var limit = request.Number("timeoutSeconds") is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : LongestWatch;

        Snapshot? now = null;
        WatchSubscription? changes;
        if (initial || version is null or 0)
        {
            (now, changes) = store.Watch(request.Kind);
        }
        else
        {
            changes = store.WatchFrom(request.Kind, version.Value);
        }
        using var subscription = changes;
        ObjectAnswer.CheckForm(request);
        using var timeUp = new CancellationTokenSource(limit, options.Time);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(timeUp.Token, cancellation);

        var http = request.Http;
        http.Response.ContentType = "application/json";
        await http.Response.StartAsync(cancellation);
        var stream = new EventStream(request, selection);
        try
        {
            if (subscription is null)
            {
                await stream.TellAsync("ERROR", JsonAnswer.Serialize(ApiStatus.Failure(ApiException.Gone(
                    $"too old resource version: {version} ({store.Version})"))), until.Token);
                return;
            }
            if (initial)
            {
                foreach (var stored in now!.Objects.Values.Where(selection.Matches))
                {
                    await stream.TellAsync("ADDED", stored, until.Token);
                }
                if (request.Flag("sendInitialEvents"))
                {
                    await stream.BookmarkAsync(now.Version, endOfInitial: true, until.Token);
                }
            }
            await http.Response.Body.FlushAsync(until.Token);
            await FollowAsync(stream, subscription, request.Flag("allowWatchBookmarks"), until.Token);
        }
        catch (OperationCanceledException) when (timeUp.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            // The end of its time is a watch's ordinary end.
        }
    }

    private async Task FollowAsync(EventStream stream, WatchSubscription subscription, bool bookmarks, CancellationToken cancellation)
    {
        while (true)
        {
            var faultChanged = faults.Changed;
            switch (faults.Current)
            {
                case ApiFault.Hung:
                    await faultChanged.WaitAsync(cancellation);
                    continue;
                case ApiFault.Broken:
                    stream.Break();
                    return;
                case ApiFault.Fail:
                    return;
            }
            using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var next = subscription.Changes.WaitToReadAsync(idle.Token).AsTask();
            var first = await Task.WhenAny(next, faultChanged, Task.Delay(options.BookmarkInterval, options.Time, idle.Token));
            if (first == next && await next)
            {
                while (faults.Current is not ApiFault.Hung && subscription.Changes.TryRead(out var change))
                {
                    await stream.TellAsync(change, cancellation);
                }
                await stream.FlushAsync(cancellation);
            }
            else if (first != faultChanged && bookmarks)
            {
                // The version is read first: all that is stored up to it is by then told or in the channel.
                var current = store.Version;
                if (!subscription.Changes.TryPeek(out _))
                {
                    await stream.BookmarkAsync(current, endOfInitial: false, cancellation);
                    await stream.FlushAsync(cancellation);
                }
            }
            await idle.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
        }
    }
}

/// <summary>The lines of one watch.</summary>
internal sealed class EventStream(ApiRequest request, ObjectSelection selection)
{
    private bool _first = true;

    public async Task TellAsync(StoreEvent change, CancellationToken cancellation)
    {
        var matches = selection.Matches(change.Object);
        var matched = change.Before is not null && selection.Matches(change.Before);
        var type = (change.Type, matches, matched) switch
        {
            (ChangeType.Deleted, _, true) => "DELETED",
            (ChangeType.Deleted, _, false) => null,
            (_, true, false) => "ADDED",
            (_, true, true) => "MODIFIED",
            (_, false, true) => "DELETED",
            _ => null,
        };
        if (type is not null)
        {
            // What leaves the selection is told as it was inside it, at the version at which it left.
            await TellAsync(type, matches || change.Type == ChangeType.Deleted ? change.Object : change.Before!.At(change.Version), cancellation);
        }
    }

    public Task TellAsync(string type, StoredObject stored, CancellationToken cancellation)
    {
        var body = ObjectAnswer.ForEvent(request, stored, _first);
        _first = false;
        return TellAsync(type, body, cancellation);
    }

    public async Task TellAsync(string type, byte[] body, CancellationToken cancellation)
    {
        byte[] line = [.. Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":"), .. body, .. "}\n"u8];
        await request.Http.Response.Body.WriteAsync(line, cancellation);
    }

    public Task BookmarkAsync(ulong version, bool endOfInitial, CancellationToken cancellation)
    {
        var metadata = new JsonObject { ["resourceVersion"] = StoredObject.Text(version), ["creationTimestamp"] = null };
        if (endOfInitial)
        {
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        }
        return TellAsync("BOOKMARK", JsonAnswer.Serialize(new JsonObject
        {
            ["kind"] = request.Kind.Kind, ["apiVersion"] = request.Kind.GroupVersion, ["metadata"] = metadata,
        }), cancellation);
    }

    public Task FlushAsync(CancellationToken cancellation) => request.Http.Response.Body.FlushAsync(cancellation);

    public void Break() => request.Http.Abort();
}
