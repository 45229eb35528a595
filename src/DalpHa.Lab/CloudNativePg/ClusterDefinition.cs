using k8s;
using k8s.Models;

namespace DalpHa.Lab.CloudNativePg;

/// <summary>The kind <c>postgresql.cnpg.io/v1 Cluster</c>, with the fields that decide on a cluster's role. Source: api/v1/cluster_types.go of CloudNativePG.</summary>
internal static class ClusterDefinition
{
    public const string Group = "postgresql.cnpg.io";
    public const string Version = "v1";
    public const string Plural = "clusters";

    private const string Json = """
        {
          "apiVersion": "apiextensions.k8s.io/v1",
          "kind": "CustomResourceDefinition",
          "metadata": { "name": "clusters.postgresql.cnpg.io" },
          "spec": {
            "group": "postgresql.cnpg.io",
            "scope": "Namespaced",
            "names": { "kind": "Cluster", "listKind": "ClusterList", "plural": "clusters", "singular": "cluster" },
            "versions": [{
              "name": "v1", "served": true, "storage": true,
              "subresources": { "status": {} },
              "additionalPrinterColumns": [
                { "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" },
                { "name": "Instances", "type": "integer", "jsonPath": ".status.instances" },
                { "name": "Ready", "type": "integer", "jsonPath": ".status.readyInstances" },
                { "name": "Status", "type": "string", "jsonPath": ".status.phase" },
                { "name": "Primary", "type": "string", "jsonPath": ".status.currentPrimary" }
              ],
              "schema": { "openAPIV3Schema": {
                "type": "object",
                "required": ["spec"],
                "properties": {
                  "apiVersion": { "type": "string" },
                  "kind": { "type": "string" },
                  "metadata": { "type": "object" },
                  "spec": { "type": "object", "required": ["instances"], "properties": {
                    "instances": { "type": "integer", "minimum": 1, "default": 1 },
                    "postgresql": { "type": "object", "properties": {
                      "parameters": { "type": "object", "additionalProperties": { "type": "string" } },
                      "enableAlterSystem": { "type": "boolean" }
                    } },
                    "replica": { "type": "object", "required": ["source"], "properties": {
                      "self": { "type": "string" },
                      "primary": { "type": "string" },
                      "source": { "type": "string", "minLength": 1 },
                      "enabled": { "type": "boolean" },
                      "promotionToken": { "type": "string" },
                      "minApplyDelay": { "type": "string" }
                    } }
                  } },
                  "status": { "type": "object", "properties": {
                    "instances": { "type": "integer" },
                    "readyInstances": { "type": "integer" },
                    "phase": { "type": "string" },
                    "phaseReason": { "type": "string" },
                    "currentPrimary": { "type": "string" },
                    "targetPrimary": { "type": "string" },
                    "currentPrimaryTimestamp": { "type": "string" },
                    "timelineID": { "type": "integer" },
                    "systemID": { "type": "string" },
                    "demotionToken": { "type": "string" },
                    "lastPromotionToken": { "type": "string" },
                    "switchReplicaClusterStatus": { "type": "object", "properties": { "inProgress": { "type": "boolean" } } },
                    "conditions": { "type": "array", "items": { "type": "object", "required": ["type", "status", "lastTransitionTime", "reason", "message"], "properties": {
                      "type": { "type": "string" },
                      "status": { "type": "string" },
                      "lastTransitionTime": { "type": "string", "format": "date-time" },
                      "reason": { "type": "string" },
                      "message": { "type": "string" }
                    } } }
                  } }
                }
              } }
            }]
          }
        }
        """;

    public static V1CustomResourceDefinition Make() => KubernetesJson.Deserialize<V1CustomResourceDefinition>(Json);
}
