using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Admission;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.CloudNativePg;

/// <summary>What CloudNativePG's webhook refuses of a role's change. Source: internal/webhook/v1/cluster_webhook.go of CloudNativePG.</summary>
internal static class ClusterAdmission
{
    public static ValidatingHook Hook { get; } = new("vcluster.cnpg.io", ClusterDefinition.Group, ClusterDefinition.Plural, Judge);

    private static List<StatusCause> Judge(JsonObject value, JsonObject? before)
    {
        var now = new ClusterView(value);
        var causes = new List<StatusCause>();
        if (value["spec"]?["replica"] is JsonObject replica && replica["enabled"] is not null && !string.IsNullOrEmpty(replica["primary"]?.ToString()))
        {
            causes.Add(Validation.InvalidObject("spec.replicaCluster.enabled", replica, "replica mode enabled is not compatible with the primary field"));
        }
        if (now.PromotionToken is { } token && Refusal(now, token) is { } refusal)
        {
            causes.Add(refusal);
        }
        if (before is not null && now.IsReplica != new ClusterView(before).IsReplica && new ClusterView(before).IsSwitching)
        {
            causes.Add(new StatusCause("FieldValueForbidden", "Forbidden: cannot modify the field while there is an ongoing operation to enable the replica cluster", "spec.replica.enabled"));
        }
        return causes;
    }

    private static StatusCause? Refusal(ClusterView cluster, string token)
    {
        if (cluster.HasApplyDelay)
        {
            return Validation.Invalid("spec.replicaCluster.minApplyDelay", token, "minApplyDelay cannot be applied with a promotion token");
        }
        if (cluster.IsReplica)
        {
            return Validation.Invalid("spec.replicaCluster.token", token, "promotionToken is only allowed for primary clusters");
        }
        return DemotionTicket.Problem(token) is { } problem ? Validation.Invalid("spec.replicaCluster.token", token, problem) : null;
    }
}
