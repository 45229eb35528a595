using System.Text;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Reading;

/// <summary>Writes objects and lists in the form that the Accept header asks for: whole, as metadata only, or as table rows.</summary>
internal static class ObjectAnswer
{
    private enum Form
    {
        Whole,
        Metadata,
        Table,
    }

    public static async Task WriteAsync(ApiRequest request, int code, StoredObject stored, CancellationToken cancellation)
    {
        var body = FormOf(request) switch
        {
            Form.Metadata => JsonAnswer.Serialize(Partial(stored)),
            Form.Table => JsonAnswer.Serialize(Table.Of(request.Kind, [stored], new JsonObject { ["resourceVersion"] = StoredObject.Text(stored.Version) }, Include(request), true)),
            _ => stored.ToJson(request.Kind),
        };
        await JsonAnswer.WriteAsync(request.Http, code, body, cancellation);
    }

    public static async Task WriteListAsync(ApiRequest request, JsonObject metadata, IReadOnlyList<StoredObject> page, CancellationToken cancellation)
    {
        var kind = request.Kind;
        switch (FormOf(request))
        {
            case Form.Table:
                await JsonAnswer.WriteAsync(request.Http, 200, Table.Of(kind, page, metadata, Include(request), true), cancellation);
                return;
            case Form.Metadata:
                var partial = new JsonObject
                {
                    ["kind"] = "PartialObjectMetadataList",
                    ["apiVersion"] = "meta.k8s.io/v1",
                    ["metadata"] = metadata,
                    ["items"] = new JsonArray([.. page.Select(Partial)]),
                };
                await JsonAnswer.WriteAsync(request.Http, 200, partial, cancellation);
                return;
        }
        using var body = new MemoryStream();
        body.Write(Encoding.UTF8.GetBytes($"{{\"kind\":\"{kind.ListKind}\",\"apiVersion\":\"{kind.GroupVersion}\",\"metadata\":"));
        body.Write(JsonAnswer.Serialize(metadata));
        body.Write(",\"items\":["u8);
        for (var i = 0; i < page.Count; i++)
        {
            if (i > 0)
            {
                body.WriteByte((byte)',');
            }
            body.Write(page[i].ToListItem(kind));
        }
        body.Write("]}"u8);
        await JsonAnswer.WriteAsync(request.Http, 200, body.GetBuffer().AsMemory(0, (int)body.Length), cancellation);
    }

    /// <summary>An object as a watch tells it.</summary>
    public static byte[] ForEvent(ApiRequest request, StoredObject stored, bool first) => FormOf(request) switch
    {
        Form.Metadata => JsonAnswer.Serialize(Partial(stored)),
        Form.Table => JsonAnswer.Serialize(Table.Of(request.Kind, [stored], new JsonObject { ["resourceVersion"] = StoredObject.Text(stored.Version) }, Include(request), first)),
        _ => stored.ToJson(request.Kind),
    };

    /// <summary>Refuses a form that the server does not speak, before the answer has begun.</summary>
    public static void CheckForm(ApiRequest request) => FormOf(request);

    private static Form FormOf(ApiRequest request)
    {
        // The first acceptable media type wins; clients list the tables first and plain JSON as what else they take.
        foreach (var media in request.Http.Request.Headers.Accept.ToString().Split(','))
        {
            var parts = media.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] is not ("application/json" or "*/*" or "application/*" or ""))
            {
                continue;
            }
            if (parts.Contains("as=Table"))
            {
                if (parts.Contains("v=v1"))
                {
                    return Form.Table;
                }
                continue;
            }
            return parts.Any(part => part.StartsWith("as=PartialObjectMetadata", StringComparison.Ordinal)) ? Form.Metadata : Form.Whole;
        }
        return request.Http.Request.Headers.Accept.Count == 0 ? Form.Whole : throw ApiException.NotAcceptable();
    }

    private static string Include(ApiRequest request) => request.Query("includeObject") is { Length: > 0 } include ? include : "Metadata";

    public static JsonObject Partial(StoredObject stored) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = stored.Metadata.DeepClone(),
    };
}
