using System.Text;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Reading;

/// <summary>Answers get and list.</summary>
internal sealed class ObjectReader(ObjectStore store)
{
    public async Task GetAsync(ApiRequest request, CancellationToken cancellation)
    {
        var kind = request.Kind;
        var stored = store.Find(kind, request.Namespace, request.Target.Name)
            ?? throw ApiException.NotFound(kind.Group, kind.Plural, request.Target.Name);
        await ObjectAnswer.WriteAsync(request, 200, stored, cancellation);
    }

    public async Task ListAsync(ApiRequest request, CancellationToken cancellation)
    {
        var selection = request.Selection;
        var (snapshot, after) = Begin(request);
        var limit = request.Number("limit") is > 0 and var wanted ? wanted : long.MaxValue;
        var chosen = snapshot.Objects.SkipWhile(entry => after is not null && string.CompareOrdinal(entry.Key, after) <= 0)
            .Select(entry => entry.Value).Where(selection.Matches);
        var page = new List<StoredObject>();
        long remaining = 0;
        foreach (var stored in chosen)
        {
            if (page.Count < limit)
            {
                page.Add(stored);
            }
            else
            {
                remaining++;
            }
        }
        var metadata = new JsonObject { ["resourceVersion"] = StoredObject.Text(snapshot.Version) };
        if (remaining > 0)
        {
            metadata["continue"] = new ContinueToken(snapshot.Version, page[^1].Key).Encode();
            // With a selector the real server does not know how many are left.
            if (selection.IsEverything)
            {
                metadata["remainingItemCount"] = remaining;
            }
        }
        await ObjectAnswer.WriteListAsync(request, metadata, page, cancellation);
    }

    private (Snapshot Snapshot, string? After) Begin(ApiRequest request)
    {
        var match = request.Query("resourceVersionMatch");
        var version = request.ResourceVersion;
        if (request.Query("continue") is { Length: > 0 } token)
        {
            if (version is > 0)
            {
                throw ApiException.BadRequest("specifying resource version is not allowed when using continue");
            }
            var from = ContinueToken.Decode(token);
            // Version 0 is of a token that came with a 410, for a client that takes an inconsistent rest.
            var rest = from.Version == 0 ? store.Read(request.Kind) : store.ReadAt(request.Kind, from.Version) ?? throw ApiException.ContinueExpired(from.After);
            return (rest, from.After);
        }
        CheckMatch(match, version);
        var snapshot = store.Read(request.Kind);
        if (version > snapshot.Version)
        {
            throw ApiException.TooLargeVersion(version.Value, snapshot.Version);
        }
        return match == "Exact"
            ? (store.ReadAt(request.Kind, version!.Value) ?? throw ApiException.Gone("The resourceVersion for the provided list is too old."), null)
            : (snapshot, null);
    }

    private static void CheckMatch(string? match, ulong? version)
    {
        string? why = match switch
        {
            null or "" => null,
            "Exact" or "NotOlderThan" when version is null => "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
            "Exact" when version == 0 => "Forbidden: resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\"",
            "Exact" or "NotOlderThan" => null,
            _ => $"Unsupported value: \"{match}\": supported values: \"Exact\", \"NotOlderThan\", \"\"",
        };
        if (why is not null)
        {
            var reason = why.StartsWith("Forbidden", StringComparison.Ordinal) ? "FieldValueForbidden" : "FieldValueNotSupported";
            throw ApiException.Invalid("meta.k8s.io", "ListOptions", "", [new(reason, why, "resourceVersionMatch")]);
        }
    }
}
