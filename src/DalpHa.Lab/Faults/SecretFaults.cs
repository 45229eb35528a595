using System.Net;
using DalpHa.Core.Lab;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace DalpHa.Lab.Faults;

/// <summary>A required Secret is gone.</summary>
internal sealed class MissingSecretFault : ILabFault
{
    private const string Secret = "dalp-keys";

    public LabFault Name => LabFault.MissingSecret;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var before = await scene.Cluster.CoreV1.ReadNamespacedSecretAsync(Secret, FaultScene.Namespace, cancellationToken: cancellationToken);
        await scene.Cluster.CoreV1.DeleteNamespacedSecretAsync(Secret, FaultScene.Namespace, cancellationToken: cancellationToken);
        return new Injection($"Secret/{Secret}", token => SecretContent.RestoreAsync(scene.Cluster, before, token));
    }
}

/// <summary>A required Secret holds another value than on the other site.</summary>
internal sealed class DifferentSecretFault : ILabFault
{
    private const string Secret = "dalp-db";
    private const string Key = "password";

    public LabFault Name => LabFault.DifferentSecret;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var before = await scene.Cluster.CoreV1.ReadNamespacedSecretAsync(Secret, FaultScene.Namespace, cancellationToken: cancellationToken);
        await SecretContent.ChangeAsync(scene.Cluster, before, new Dictionary<string, byte[]> { [Key] = Guid.NewGuid().ToByteArray() }, cancellationToken);
        return new Injection($"Secret/{Secret}", token => SecretContent.RestoreAsync(scene.Cluster, before, token));
    }
}

/// <summary>The ingress certificate has expired.</summary>
internal sealed class ExpiredCertificateFault : ILabFault
{
    private const string Secret = "dalp-tls";

    public LabFault Name => LabFault.ExpiredCertificate;

    public async Task<Injection> InjectAsync(FaultScene scene, CancellationToken cancellationToken)
    {
        var now = scene.Time.GetUtcNow();
        var expired = LabCertificate.Create(now.AddDays(-91), now.AddDays(-1));
        var before = await scene.Cluster.CoreV1.ReadNamespacedSecretAsync(Secret, FaultScene.Namespace, cancellationToken: cancellationToken);
        var content = new Dictionary<string, byte[]>
        {
            ["tls.crt"] = System.Text.Encoding.ASCII.GetBytes(expired.CertificatePem),
            ["tls.key"] = System.Text.Encoding.ASCII.GetBytes(expired.KeyPem),
        };
        await SecretContent.ChangeAsync(scene.Cluster, before, content, cancellationToken);
        return new Injection($"Secret/{Secret}", token => SecretContent.RestoreAsync(scene.Cluster, before, token));
    }
}

/// <summary>Changes a Secret's content, and puts a whole Secret back whatever became of it meanwhile.</summary>
internal static class SecretContent
{
    public static Task ChangeAsync(IKubernetes cluster, V1Secret secret, Dictionary<string, byte[]> values, CancellationToken cancellationToken) =>
        cluster.CoreV1.PatchNamespacedSecretAsync(
            Controllers.MergePatch.Of(new V1Secret { Data = values }), secret.Metadata.Name, secret.Metadata.NamespaceProperty, cancellationToken: cancellationToken);

    public static async Task RestoreAsync(IKubernetes cluster, V1Secret before, CancellationToken cancellationToken)
    {
        var (name, ns) = (before.Metadata.Name, before.Metadata.NamespaceProperty);
        var copy = new V1Secret
        {
            ApiVersion = "v1",
            Kind = "Secret",
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns, Labels = before.Metadata.Labels, Annotations = before.Metadata.Annotations },
            Type = before.Type,
            Data = before.Data,
            Immutable = before.Immutable,
        };
        try
        {
            await cluster.CoreV1.ReplaceNamespacedSecretAsync(copy, name, ns, cancellationToken: cancellationToken);
        }
        catch (HttpOperationException exception) when (exception.Response.StatusCode == HttpStatusCode.NotFound)
        {
            await cluster.CoreV1.CreateNamespacedSecretAsync(copy, ns, cancellationToken: cancellationToken);
        }
    }
}
