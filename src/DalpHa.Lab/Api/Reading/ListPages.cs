using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Reading;

/// <summary>Where a list goes on: the version it began at, and the last key that was told.</summary>
internal sealed record ContinueToken(ulong Version, string After)
{
    public string Encode() => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = Version, ["start"] = After }))
        .Replace('+', '-').Replace('/', '_');

    public static ContinueToken Decode(string text)
    {
        try
        {
            var json = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/'))))!;
            return new ContinueToken(json["rv"]!.GetValue<ulong>(), json["start"]!.GetValue<string>());
        }
        catch (Exception error) when (error is FormatException or JsonException or NullReferenceException or InvalidOperationException)
        {
            throw ApiException.BadRequest("continue key is not valid: it is no token of this server");
        }
    }
}

/// <summary>Keeps the snapshots whose pages are still being read.</summary>
internal sealed class ListPages(ObjectStore store, TimeProvider time, TimeSpan lifetime)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Storage, ulong Version), (Snapshot Snapshot, DateTimeOffset Until)> _open = [];

    public void Keep(ResourceKind kind, Snapshot snapshot)
    {
        lock (_gate)
        {
            Forget();
            _open[(kind.Storage, snapshot.Version)] = (snapshot, time.GetUtcNow() + lifetime);
        }
    }

    public Snapshot Resume(ResourceKind kind, ContinueToken token)
    {
        lock (_gate)
        {
            Forget();
            if (_open.TryGetValue((kind.Storage, token.Version), out var page))
            {
                return page.Snapshot;
            }
        }
        // Version 0 is a token that this server gave with a 410 to a client that takes an inconsistent rest.
        return token.Version == 0
            ? store.Read(kind)
            : throw new ApiException(410, "Expired", "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                + "without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the "
                + "provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was "
                + "returned and now may show up in the list.")
            {
                Continue = new ContinueToken(0, token.After).Encode(),
            };
    }

    private void Forget()
    {
        var now = time.GetUtcNow();
        foreach (var key in _open.Where(page => page.Value.Until < now).Select(page => page.Key).ToList())
        {
            _open.Remove(key);
        }
    }
}
