using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Admission;

/// <summary>The defaults of a pod's spec, alone or in a workload's template.</summary>
internal static class PodDefaults
{
    public static void Apply(JsonObject spec)
    {
        spec.Default("restartPolicy", "Always").Default("terminationGracePeriodSeconds", 30).Default("dnsPolicy", "ClusterFirst")
            .Default("schedulerName", "default-scheduler").Child("securityContext");
        foreach (var container in spec.Items("containers").Concat(spec.Items("initContainers")))
        {
            container.Child("resources");
            container.Default("terminationMessagePath", "/dev/termination-log").Default("terminationMessagePolicy", "File")
                .Default("imagePullPolicy", PullPolicy((string?)container["image"] ?? ""));
            foreach (var port in container.Items("ports"))
            {
                port.Default("protocol", "TCP");
            }
        }
    }

    public static void BindServiceAccount(JsonObject spec)
    {
        spec.Default("serviceAccountName", "default").Default("enableServiceLinks", true).Default("priority", 0);
        spec["serviceAccount"] = spec["serviceAccountName"]?.DeepClone();
    }

    /// <summary>Guaranteed when every container limits CPU and memory and requests as much; BestEffort when none asks for anything.</summary>
    public static string QualityOfService(JsonObject spec)
    {
        var resources = spec.Items("containers").Concat(spec.Items("initContainers")).Select(container => container.Child("resources")).ToList();
        if (resources.TrueForAll(r => r["requests"] is not JsonObject { Count: > 0 } && r["limits"] is not JsonObject { Count: > 0 }))
        {
            return "BestEffort";
        }
        return resources.TrueForAll(r => Fixed(r, "cpu") && Fixed(r, "memory")) ? "Guaranteed" : "Burstable";
    }

    private static bool Fixed(JsonObject resources, string name)
    {
        var limit = (resources["limits"] as JsonObject)?[name]?.ToString();
        var request = (resources["requests"] as JsonObject)?[name]?.ToString();
        return limit is not null && (request is null || request == limit);
    }

    private static string PullPolicy(string image)
    {
        var name = image[(image.LastIndexOf('/') + 1)..];
        var floating = !name.Contains('@', StringComparison.Ordinal)
            && (!name.Contains(':', StringComparison.Ordinal) || name.EndsWith(":latest", StringComparison.Ordinal));
        return floating ? "Always" : "IfNotPresent";
    }
}
