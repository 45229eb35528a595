using k8s.Models;

namespace DalpHa.Lab.Seed;

/// <summary>Names and labels as the platform's chart gives them, with the lab's mark on everything.</summary>
internal static class Naming
{
    public static V1ObjectMeta Platform(string name, string? component = null) => new()
    {
        Name = name,
        NamespaceProperty = LabSite.Namespace,
        Labels = Labels(component),
    };

    public static V1ObjectMeta Cluster(string name) => new() { Name = name, Labels = new Dictionary<string, string> { [LabMarks.Lab] = "true" } };

    public static Dictionary<string, string> Labels(string? component)
    {
        var labels = new Dictionary<string, string>
        {
            ["app.kubernetes.io/name"] = "dalp",
            ["app.kubernetes.io/instance"] = "dalp",
            ["app.kubernetes.io/managed-by"] = "Helm",
            [LabMarks.Lab] = "true",
        };
        if (component is not null)
        {
            labels["app.kubernetes.io/component"] = component;
        }
        return labels;
    }

    public static Dictionary<string, string> Selector(string component) => new()
    {
        ["app.kubernetes.io/instance"] = "dalp",
        ["app.kubernetes.io/component"] = component,
    };

    public static Dictionary<string, ResourceQuantity> Amounts(string cpu, string memory) => new() { ["cpu"] = new ResourceQuantity(cpu), ["memory"] = new ResourceQuantity(memory) };
}
