using System.Text;
using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Admission;

/// <summary>The defaults of the built-in kinds that clients rely on, as the versions' documentation states them.</summary>
internal static class Defaults
{
    /// <summary>Completes what was sent, at creation and at every change.</summary>
    public static void Apply(ResourceKind kind, JsonObject value)
    {
        if (kind.Custom)
        {
            return;
        }
        switch (kind.Kind)
        {
            case "Pod":
                PodDefaults.Apply(value.Child("spec"));
                PodDefaults.BindServiceAccount(value.Child("spec"));
                break;
            case "Deployment":
                var spec = Replicated(value);
                spec.Default("progressDeadlineSeconds", 600).Default("revisionHistoryLimit", 10);
                if ((string?)spec.Child("strategy").Default("type", "RollingUpdate")["type"] == "RollingUpdate")
                {
                    spec.Child("strategy").Child("rollingUpdate").Default("maxUnavailable", "25%").Default("maxSurge", "25%");
                }
                break;
            case "ReplicaSet":
                Replicated(value);
                break;
            case "StatefulSet":
                var set = Replicated(value).Default("podManagementPolicy", "OrderedReady").Default("revisionHistoryLimit", 10);
                if ((string?)set.Child("updateStrategy").Default("type", "RollingUpdate")["type"] == "RollingUpdate")
                {
                    set.Child("updateStrategy").Child("rollingUpdate").Default("partition", 0);
                }
                break;
            case "DaemonSet":
                Templated(value.Child("spec")).Default("revisionHistoryLimit", 10).Child("updateStrategy").Default("type", "RollingUpdate");
                break;
            case "Job":
                OfJob(value.Child("spec"));
                break;
            case "CronJob":
                var cron = value.Child("spec").Default("concurrencyPolicy", "Allow").Default("suspend", false)
                    .Default("successfulJobsHistoryLimit", 3).Default("failedJobsHistoryLimit", 1);
                Templated(cron.Child("jobTemplate").Child("spec"));
                break;
            case "Service":
                OfService(value.Child("spec"));
                break;
            case "Secret":
                OfSecret(value);
                break;
            case "Namespace":
                value.Child("metadata").Child("labels")["kubernetes.io/metadata.name"] = (string?)value["metadata"]?["name"];
                break;
            case "PersistentVolumeClaim":
                value.Child("spec").Default("volumeMode", "Filesystem");
                break;
            case "PersistentVolume":
                value.Child("spec").Default("volumeMode", "Filesystem").Default("persistentVolumeReclaimPolicy", "Retain");
                break;
            case "StorageClass":
                value.Default("reclaimPolicy", "Delete").Default("volumeBindingMode", "Immediate");
                break;
            case "RoleBinding" or "ClusterRoleBinding":
                OfBinding(value);
                break;
        }
    }

    /// <summary>The status with which a kind begins; what the creator sent is not believed.</summary>
    public static void InitialStatus(ResourceKind kind, JsonObject value)
    {
        // A node's kubelet registers it with its status in one request, and the API takes it.
        if (!kind.HasStatus || kind.Kind == "Node")
        {
            return;
        }
        JsonObject? status = kind.Kind switch
        {
            "Pod" => new() { ["phase"] = "Pending", ["qosClass"] = PodDefaults.QualityOfService(value.Child("spec")) },
            "Namespace" => new() { ["phase"] = "Active" },
            "PersistentVolumeClaim" or "PersistentVolume" => new() { ["phase"] = "Pending" },
            "Service" or "Ingress" => new() { ["loadBalancer"] = new JsonObject() },
            "ReplicaSet" or "StatefulSet" => new() { ["replicas"] = 0 },
            "DaemonSet" => new()
            {
                ["currentNumberScheduled"] = 0, ["numberMisscheduled"] = 0, ["desiredNumberScheduled"] = 0, ["numberReady"] = 0,
            },
            _ => kind.Custom ? null : [],
        };
        if (status is null)
        {
            value.Remove("status");
        }
        else
        {
            value["status"] = status;
        }
        if (kind.Kind == "Namespace")
        {
            value.Child("spec")["finalizers"] = new JsonArray("kubernetes");
        }
    }

    private static JsonObject Replicated(JsonObject value) => Templated(value.Child("spec")).Default("replicas", 1);

    private static JsonObject Templated(JsonObject spec)
    {
        spec.Child("template").Child("metadata").Default("creationTimestamp", null);
        PodDefaults.Apply(spec.Child("template").Child("spec"));
        return spec;
    }

    private static void OfJob(JsonObject spec)
    {
        spec.Default("backoffLimit", 6).Default("suspend", false);
        if (spec["completions"] is null && spec["parallelism"] is null)
        {
            spec["completions"] = 1;
        }
        spec.Default("parallelism", 1);
        Templated(spec);
    }

    private static void OfService(JsonObject spec)
    {
        spec.Default("type", "ClusterIP").Default("sessionAffinity", "None");
        foreach (var port in spec.Items("ports"))
        {
            port.Default("protocol", "TCP");
            if (port["targetPort"] is null && port["port"] is { } number)
            {
                port["targetPort"] = number.DeepClone();
            }
        }
    }

    private static void OfSecret(JsonObject value)
    {
        value.Default("type", "Opaque");
        if (value["stringData"] is JsonObject clear)
        {
            var data = value.Child("data");
            foreach (var (key, text) in clear)
            {
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes((string?)text ?? ""));
            }
            value.Remove("stringData");
        }
    }

    private static void OfBinding(JsonObject value)
    {
        value.Child("roleRef").Default("apiGroup", "rbac.authorization.k8s.io");
        foreach (var subject in value.Items("subjects"))
        {
            if ((string?)subject["kind"] is "User" or "Group")
            {
                subject.Default("apiGroup", "rbac.authorization.k8s.io");
            }
        }
    }
}
