using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Reading;
using DalpHa.Lab.Api.Serving;
using DalpHa.Lab.Api.Writing;

namespace DalpHa.Lab.Api.Patching;

/// <summary>Answers patch, by the media type of the body.</summary>
internal sealed class PatchHandler(ObjectStore store, ObjectWriter writer, TimeProvider time)
{
    private const string Apply = "application/apply-patch+yaml";

    public async Task PatchAsync(ApiRequest request, CancellationToken cancellation)
    {
        if (RequestBody.MediaType(request.Http.Request) == Apply)
        {
            await ApplyAsync(request, cancellation);
            return;
        }
        if (request.Query("force") is { Length: > 0 })
        {
            throw ApiException.Invalid("meta.k8s.io", "PatchOptions", "", [new("FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force")]);
        }
        var patch = await ReadAsync(request, cancellation);
        await ObjectAnswer.WriteAsync(request, 200, writer.Change(request, patch), cancellation);
    }

    /// <summary>Reads a patch other than server-side apply.</summary>
    public static async Task<Func<JsonObject, JsonObject>> ReadAsync(ApiRequest request, CancellationToken cancellation)
    {
        var type = RequestBody.MediaType(request.Http.Request);
        var body = RequestBody.Parse(await RequestBody.ReadTextAsync(request.Http.Request, cancellation));
        switch (type)
        {
            case "application/json-patch+json":
                var operations = body as JsonArray ?? throw ApiException.BadRequest("error decoding patch: it is no list of operations");
                return value => JsonPatch.Apply(value, operations) as JsonObject ?? throw ApiException.Unprocessable("the patch leaves no object");
            case "application/merge-patch+json":
                var merge = AsObject(body);
                return value => MergePatch.Apply(value, merge).AsObject();
            case "application/strategic-merge-patch+json" when !request.Kind.Custom:
                var strategic = AsObject(body);
                return value => StrategicMergePatch.Apply(request.Kind, value, strategic);
            default:
                throw ApiException.UnsupportedMediaType("the body of the request was in an unknown format - accepted media types include: "
                    + "application/json-patch+json, application/merge-patch+json, "
                    + (request.Kind.Custom ? "" : "application/strategic-merge-patch+json, ") + Apply);
        }
    }

    private async Task ApplyAsync(ApiRequest request, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(request.Query("fieldManager")))
        {
            throw ApiException.Invalid("meta.k8s.io", "PatchOptions", "", [new("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")]);
        }
        var applied = YamlReading.Parse(await RequestBody.ReadTextAsync(request.Http.Request, cancellation)) as JsonObject
            ?? throw ApiException.BadRequest("error decoding YAML: it is no object");
        var kind = request.Kind;
        var now = ObjectLifecycle.Timestamp(time.GetUtcNow());
        var (stored, created) = store.Exclusively(() => store.Find(kind, request.Namespace, request.Target.Name) is null && request.Target.Subresource.Length == 0
            ? (writer.Create(request, ServerSideApply.Create(request, applied, now), ManagedFields.Operation.Apply), true)
            : (writer.Change(request, value => ServerSideApply.Apply(request, value, applied, now), ManagedFields.Operation.Apply), false));
        await ObjectAnswer.WriteAsync(request, created ? 201 : 200, stored, cancellation);
    }

    private static JsonObject AsObject(JsonNode? body) => body as JsonObject ?? throw ApiException.BadRequest("error decoding patch: it is no object");
}
