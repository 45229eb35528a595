using k8s;
using k8s.Models;

namespace DalpHa.Lab.Seed;

/// <summary>The roles and bindings that ship with the module (<c>module/rbac</c>): a lab's users may do what operators are told to grant, and no more.</summary>
internal static class AccessManifests
{
    public const string ReaderGroup = "dalpha:readers";
    public const string OperatorGroup = "dalpha:operators";

    /// <summary>Both files' objects, with the lab's mark on them.</summary>
    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> All() => [.. Reader(), .. Operator()];

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Reader() => Read("reader.yaml");

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Operator() => Read("operator.yaml");

    /// <summary>What Velero's namespace adds; a lab has none.</summary>
    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Velero() => Read("velero.yaml");

    /// <summary>What looking into a fenced Cluster adds, where there is one.</summary>
    /// <param name="instance">The Cluster's one instance.</param>
    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> StoppedDatabase(string instance)
    {
        var things = Read("stopped-database.yaml");
        foreach (var rule in things.OfType<V1ClusterRole>().SelectMany(role => role.Rules))
        {
            rule.ResourceNames = [instance];
        }
        return things;
    }

    private static List<IKubernetesObject<V1ObjectMeta>> Read(string file)
    {
        using var content = typeof(AccessManifests).Assembly.GetManifestResourceStream($"rbac/{file}")!;
        using var reader = new StreamReader(content);
        var things = KubernetesYaml.LoadAllFromString(reader.ReadToEnd()).Cast<IKubernetesObject<V1ObjectMeta>>().ToList();
        foreach (var thing in things)
        {
            thing.Metadata.Labels = new Dictionary<string, string> { [LabMarks.Lab] = "true" };
        }
        return things;
    }
}
