using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Admission;
using DalpHa.Lab.Api.Patching;
using DalpHa.Lab.Api.Reading;
using DalpHa.Lab.Api.Writing;

namespace DalpHa.Lab.Api.Serving;

/// <summary>Serves scale, eviction, binding, log, port-forward, exec and finalize. Status is an ordinary change of its own part, and left to the others.</summary>
internal sealed class SubresourceHandler(ObjectStore store, ObjectWriter writer, ObjectLifecycle lifecycle, PortForward portForward, PodExec exec, TimeProvider time)
{
    /// <returns>Whether the request is answered; false leaves it to the handler of whole objects.</returns>
    public async Task<bool> ServeAsync(ApiRequest request, CancellationToken cancellation)
    {
        var kind = request.Kind;
        switch (request.Target.Subresource, request.Target.Verb)
        {
            case ("status", "get" or "update" or "patch") when kind.HasStatus:
                return false;
            case ("scale", "get") when kind.Scale is not null:
                await JsonAnswer.WriteAsync(request.Http, 200, ScaleView.Of(kind, Found(request)), cancellation);
                return true;
            case ("scale", "update" or "patch") when kind.Scale is not null:
                await ScaleAsync(request, cancellation);
                return true;
            case ("eviction", "create") when kind == ResourceCatalog.Pods:
                await EvictAsync(request, cancellation);
                return true;
            case ("binding", "create") when kind == ResourceCatalog.Pods:
                await BindAsync(request, cancellation);
                return true;
            case ("portforward", "get" or "create") when kind == ResourceCatalog.Pods:
                await portForward.ServeAsync(request.Http, Found(request), cancellation);
                return true;
            case ("exec", "get" or "create") when kind == ResourceCatalog.Pods:
                await exec.ServeAsync(request.Http, Found(request), cancellation);
                return true;
            case ("log", "get") when kind == ResourceCatalog.Pods:
                throw ApiException.NotFound("", "pods/log", Found(request).Name);
            case ("finalize", "update") when kind == ResourceCatalog.Namespaces:
                // The server empties and removes namespaces itself; whoever asks for it gets the state as it is.
                await ObjectAnswer.WriteAsync(request, 200, Found(request), cancellation);
                return true;
            default:
                throw ApiException.NoSuchPath();
        }
    }

    private StoredObject Found(ApiRequest request) => store.Find(request.Kind, request.Namespace, request.Target.Name)
        ?? throw ApiException.NotFound(request.Kind.Group, request.Kind.Plural, request.Target.Name);

    private async Task ScaleAsync(ApiRequest request, CancellationToken cancellation)
    {
        Func<JsonObject, JsonObject> change;
        if (request.Target.Verb == "update")
        {
            var sent = await RequestBody.ReadObjectAsync(request.Http.Request, cancellation);
            change = _ => sent;
        }
        else
        {
            var patch = await PatchHandler.ReadAsync(request, cancellation);
            change = scale => patch(scale);
        }
        var kind = request.Kind;
        var changed = writer.Change(request, value =>
        {
            var before = Found(request);
            var scale = change(ScaleView.Of(kind, before));
            if (scale.Text("metadata.resourceVersion") is { Length: > 0 } version && version != StoredObject.Text(before.Version))
            {
                throw ApiException.Stale(kind.Group, kind.Plural, before.Name);
            }
            if (scale.At("spec.replicas") is not null && scale.Number("spec.replicas") is null)
            {
                throw ApiException.BadRequest("Scale in version \"v1\" cannot be handled as a Scale: spec.replicas is no integer");
            }
            if (scale.Number("spec.replicas") < 0)
            {
                throw ApiException.Invalid("autoscaling", "Scale", before.Name,
                    [Validation.InvalidObject("spec.replicas", scale.At("spec.replicas"), "must be greater than or equal to 0")]);
            }
            ScaleView.SetReplicas(kind, value, scale.Number("spec.replicas") ?? 0);
            return value;
        });
        await JsonAnswer.WriteAsync(request.Http, 200, ScaleView.Of(kind, changed), cancellation);
    }

    private async Task EvictAsync(ApiRequest request, CancellationToken cancellation)
    {
        var eviction = await RequestBody.ReadObjectAsync(request.Http.Request, cancellation);
        store.Exclusively(() =>
        {
            var pod = Found(request);
            var budget = store.Read(ResourceCatalog.DisruptionBudgets).Objects.Values.FirstOrDefault(budget => budget.Namespace == pod.Namespace
                && budget.Value.At("spec.selector") is JsonObject selector
                && WorkloadSelector.Matches(selector, pod.Metadata["labels"] as JsonObject)
                && budget.Value.Number("status.disruptionsAllowed") is null or <= 0);
            if (budget is not null)
            {
                throw ApiException.EvictionRefused(budget.Name);
            }
            return request.DryRun ? (pod, false) : lifecycle.Delete(pod, eviction.Number("deleteOptions.gracePeriodSeconds"), "Background");
        });
        await JsonAnswer.WriteAsync(request.Http, 201, new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201,
        }, cancellation);
    }

    private async Task BindAsync(ApiRequest request, CancellationToken cancellation)
    {
        var binding = await RequestBody.ReadObjectAsync(request.Http.Request, cancellation);
        store.Exclusively(() =>
        {
            var pod = Found(request);
            if (pod.Value.Text("spec.nodeName") is { Length: > 0 } node)
            {
                throw ApiException.Conflict("", "pods/binding", pod.Name, $"pod {pod.Name} is already assigned to node \"{node}\"");
            }
            var value = pod.Value.DeepClone().AsObject();
            value.Child("spec")["nodeName"] = binding.Text("target.name");
            value.Child("status").Default("conditions", new JsonArray())["conditions"]!.AsArray().Add(new JsonObject
            {
                ["type"] = "PodScheduled", ["status"] = "True", ["lastProbeTime"] = null, ["lastTransitionTime"] = ObjectLifecycle.Timestamp(time.GetUtcNow()),
            });
            return store.Put(pod.Kind, value);
        });
        await JsonAnswer.WriteAsync(request.Http, 201, new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201,
        }, cancellation);
    }
}
