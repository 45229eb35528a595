using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Reading;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Writing;

/// <summary>Answers delete and deletecollection, with the DeleteOptions of meta/v1 in the body or in the query.</summary>
internal sealed class ObjectDeleter(ObjectStore store, ObjectLifecycle lifecycle)
{
    public async Task DeleteAsync(ApiRequest request, CancellationToken cancellation)
    {
        var kind = request.Kind;
        var options = await OptionsAsync(request, cancellation);
        var (stored, gone) = store.Exclusively(() =>
        {
            var found = store.Find(kind, request.Namespace, request.Target.Name)
                ?? throw ApiException.NotFound(kind.Group, kind.Plural, request.Target.Name);
            CheckPreconditions(kind, found, options);
            return IsDryRun(request, options) ? (found, false) : lifecycle.Delete(found, Grace(request, options), Propagation(request, options));
        });
        // The real server answers a finished deletion with a Status, except for pods, whose last state it tells.
        if (gone && kind != ResourceCatalog.Pods)
        {
            await JsonAnswer.WriteAsync(request.Http, 200, ApiStatus.Deleted(kind.Group, kind.Plural, stored.Name, stored.Uid), cancellation);
            return;
        }
        await ObjectAnswer.WriteAsync(request, 200, stored, cancellation);
    }

    public async Task DeleteAllAsync(ApiRequest request, CancellationToken cancellation)
    {
        var options = await OptionsAsync(request, cancellation);
        var selection = request.Selection;
        var snapshot = store.Read(request.Kind);
        var chosen = snapshot.Objects.Values.Where(selection.Matches).ToList();
        foreach (var stored in chosen.Where(_ => !IsDryRun(request, options)))
        {
            store.Exclusively(() => store.FindByUid(stored.Uid) is { } still
                ? lifecycle.Delete(still, Grace(request, options), Propagation(request, options))
                : (stored, true));
        }
        await ObjectAnswer.WriteListAsync(request, new JsonObject { ["resourceVersion"] = StoredObject.Text(snapshot.Version) }, chosen, cancellation);
    }

    private static async Task<JsonObject> OptionsAsync(ApiRequest request, CancellationToken cancellation)
    {
        if (request.Http.Request.ContentLength is 0 || (request.Http.Request.ContentLength is null && request.Http.Request.ContentType is null))
        {
            return [];
        }
        return await RequestBody.ReadObjectAsync(request.Http.Request, cancellation);
    }

    private static void CheckPreconditions(ResourceKind kind, StoredObject found, JsonObject options)
    {
        if (options.Text("preconditions.uid") is { Length: > 0 } uid && uid != found.Uid)
        {
            throw ApiException.Conflict(kind.Group, kind.Plural, found.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {found.Uid}");
        }
        var version = StoredObject.Text(found.Version);
        if (options.Text("preconditions.resourceVersion") is { Length: > 0 } wanted && wanted != version)
        {
            throw ApiException.Conflict(kind.Group, kind.Plural, found.Name,
                $"Precondition failed: ResourceVersion in precondition: {wanted}, ResourceVersion in object meta: {version}");
        }
    }

    private static bool IsDryRun(ApiRequest request, JsonObject options) => request.DryRun || options.Strings("dryRun").Contains("All");

    private static long? Grace(ApiRequest request, JsonObject options) => options.Number("gracePeriodSeconds") ?? request.Number("gracePeriodSeconds");

    private static string Propagation(ApiRequest request, JsonObject options)
    {
        var wanted = options.Text("propagationPolicy") ?? request.Query("propagationPolicy");
        if (wanted is not null and not ("Orphan" or "Background" or "Foreground"))
        {
            throw ApiException.Invalid("meta.k8s.io", "DeleteOptions", "", [new("FieldValueNotSupported",
                $"Unsupported value: \"{wanted}\": supported values: \"Background\", \"Foreground\", \"Orphan\"", "propagationPolicy")]);
        }
        var orphan = options.Text("orphanDependents") ?? request.Query("orphanDependents");
        // Jobs keep their pods unless told otherwise, by the API's own old default.
        return wanted ?? (orphan, request.Kind.Kind) switch
        {
            ("true", _) => "Orphan",
            (null, "Job") => "Orphan",
            _ => "Background",
        };
    }
}
