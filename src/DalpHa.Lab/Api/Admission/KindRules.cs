using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Admission;

/// <summary>The rules of single built-in kinds: required fields, and fields that never change.</summary>
internal static partial class KindRules
{
    public static void Check(ResourceKind kind, JsonObject value, JsonObject? before, List<StatusCause> causes)
    {
        switch (kind.Kind)
        {
            case "Pod":
                Containers(value.Child("spec"), "spec", causes);
                if (before is not null)
                {
                    PodUpdate(value, before, causes);
                }
                break;
            case "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet":
                Workload(kind, value, before, causes);
                break;
            case "Job":
                JobRules(value, before, causes);
                break;
            case "Secret":
                Base64(value, "data", causes);
                DataKeys(value, "data", causes);
                Immutable(kind, value, before, ["data"], causes);
                if (before is not null && before.Text("type") != value.Text("type"))
                {
                    causes.Add(Validation.Invalid("type", value.Text("type") ?? "", "field is immutable"));
                }
                break;
            case "ConfigMap":
                DataKeys(value, "data", causes);
                DataKeys(value, "binaryData", causes);
                Base64(value, "binaryData", causes);
                Immutable(kind, value, before, ["data", "binaryData"], causes);
                break;
            case "RoleBinding" or "ClusterRoleBinding":
                if (before is not null && !JsonNode.DeepEquals(before["roleRef"], value["roleRef"]))
                {
                    causes.Add(Validation.InvalidObject("roleRef", value["roleRef"], "cannot change roleRef"));
                }
                break;
            case "CustomResourceDefinition":
                if (value.Text("metadata.name") is var name && name != $"{value.Text("spec.names.plural")}.{value.Text("spec.group")}")
                {
                    causes.Add(Validation.Invalid("metadata.name", name ?? "", "must be spec.names.plural+\".\"+spec.group"));
                }
                var versions = value.Child("spec").Items("versions").ToList();
                causes.AddRange(versions.Where(version => version.At("schema.openAPIV3Schema") is null).Select(version =>
                    Validation.Required($"spec.versions[{versions.IndexOf(version)}].schema.openAPIV3Schema", "schemas are required")));
                break;
        }
    }

    private static void Workload(ResourceKind kind, JsonObject value, JsonObject? before, List<StatusCause> causes)
    {
        var spec = value.Child("spec");
        if (spec.Number("replicas") < 0)
        {
            causes.Add(Validation.InvalidObject("spec.replicas", spec["replicas"], "must be greater than or equal to 0"));
        }
        if (spec["selector"] is not JsonObject selector)
        {
            causes.Add(Validation.Required("spec.selector"));
        }
        else if (!WorkloadSelector.Matches(selector, spec.At("template.metadata.labels") as JsonObject))
        {
            causes.Add(Validation.InvalidObject("spec.template.metadata.labels", spec.At("template.metadata.labels") ?? new JsonObject(),
                "`selector` does not match template `labels`"));
        }
        Containers(spec.Child("template").Child("spec"), "spec.template.spec", causes);
        if (before is null)
        {
            return;
        }
        var old = before.Child("spec");
        if (kind.Kind == "StatefulSet")
        {
            if (!spec.SameExcept(old, "replicas", "template", "updateStrategy", "persistentVolumeClaimRetentionPolicy", "minReadySeconds", "ordinals", "revisionHistoryLimit"))
            {
                causes.Add(new("FieldValueForbidden", "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
                    + "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden", "spec"));
            }
        }
        else if (!JsonNode.DeepEquals(old["selector"], spec["selector"]))
        {
            causes.Add(Validation.InvalidObject("spec.selector", spec["selector"], "field is immutable"));
        }
    }

    private static void JobRules(JsonObject value, JsonObject? before, List<StatusCause> causes)
    {
        var pod = value.Child("spec").Child("template").Child("spec");
        Containers(pod, "spec.template.spec", causes);
        if (pod.Text("restartPolicy") is not ("OnFailure" or "Never"))
        {
            causes.Add(new("FieldValueNotSupported", $"Unsupported value: \"{pod.Text("restartPolicy")}\": supported values: \"OnFailure\", \"Never\"",
                "spec.template.spec.restartPolicy"));
        }
        if (before is not null && !JsonNode.DeepEquals(before.At("spec.template"), value.At("spec.template")))
        {
            causes.Add(Validation.InvalidObject("spec.template", value.At("spec.template"), "field is immutable"));
        }
    }

    private static void Containers(JsonObject spec, string path, List<StatusCause> causes)
    {
        var containers = spec.Items("containers").ToList();
        if (containers.Count == 0)
        {
            causes.Add(Validation.Required($"{path}.containers"));
        }
        var names = new HashSet<string>();
        for (var i = 0; i < containers.Count; i++)
        {
            var name = containers[i].Text("name");
            if (string.IsNullOrEmpty(name))
            {
                causes.Add(Validation.Required($"{path}.containers[{i}].name"));
            }
            else if (!names.Add(name))
            {
                causes.Add(new("FieldValueDuplicate", $"Duplicate value: \"{name}\"", $"{path}.containers[{i}].name"));
            }
            // A template's image may be left to another tool; a pod's may not.
            if (string.IsNullOrEmpty(containers[i].Text("image")))
            {
                causes.Add(Validation.Required($"{path}.containers[{i}].image"));
            }
        }
    }

    private static void PodUpdate(JsonObject value, JsonObject before, List<StatusCause> causes)
    {
        var changed = value.Child("spec").DeepClone().AsObject();
        var old = before.Child("spec").DeepClone().AsObject();
        foreach (var spec in new[] { changed, old })
        {
            foreach (var container in spec.Items("containers").Concat(spec.Items("initContainers")))
            {
                container.Remove("image");
            }
        }
        if (!changed.SameExcept(old, "activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"))
        {
            causes.Add(new("FieldValueForbidden", "Forbidden: pod updates may not change fields other than `spec.containers[*].image`, "
                + "`spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)", "spec"));
        }
    }

    private static void Immutable(ResourceKind kind, JsonObject value, JsonObject? before, string[] fields, List<StatusCause> causes)
    {
        if (before?["immutable"] is not JsonValue frozen || !frozen.TryGetValue(out bool isFrozen) || !isFrozen)
        {
            return;
        }
        foreach (var field in fields.Append("immutable").Where(field => !JsonNode.DeepEquals(before[field], value[field])))
        {
            causes.Add(new("FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set", field));
        }
    }

    private static void DataKeys(JsonObject value, string field, List<StatusCause> causes)
    {
        foreach (var (key, _) in value[field] as JsonObject ?? [])
        {
            if (!DataKey().IsMatch(key))
            {
                causes.Add(Validation.Invalid($"{field}[{key}]", key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
                    + "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"));
            }
        }
    }

    private static void Base64(JsonObject value, string field, List<StatusCause> causes)
    {
        foreach (var (key, content) in value[field] as JsonObject ?? [])
        {
            // The real server fails to decode such a body at all, hence 400 and not 422; the value itself is not repeated.
            if (content is not null && !Convert.TryFromBase64String(content.ToString(), new byte[content.ToString().Length], out _))
            {
                throw ApiException.BadRequest($"illegal base64 data in {field}[{key}]");
            }
        }
    }

    [GeneratedRegex(@"^[-._a-zA-Z0-9]+\z")]
    private static partial Regex DataKey();
}
