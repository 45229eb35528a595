using System.IO.Compression;
using System.Text;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Kubernetes;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>What is made of objects that no API server of these tests would give.</summary>
public sealed class ReadingTests
{
    private readonly DigestKey key = new();

    [Theory]
    [InlineData("0", 0)]
    [InlineData("100m", 0.1)]
    [InlineData("1500u", 0.0015)]
    [InlineData("2", 2)]
    [InlineData("0.5", 0.5)]
    [InlineData("1Ki", 1024)]
    [InlineData("1.5Gi", 1610612736)]
    [InlineData("1e3", 1000)]
    [InlineData("1k", 1000)]
    [InlineData("1E", 1e18)]
    public void Amounts_are_read_in_the_grammar_of_Kubernetes(string text, double expected) => Assert.Equal((decimal)expected, Quantities.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("much")]
    [InlineData("1.2.3")]
    [InlineData("1GiB")]
    public void What_is_no_amount_is_never_zero(string text) => Assert.Equal("ApiAnswerInvalid", Assert.Throws<DalpException>(() => Quantities.Parse(text)).ErrorId);

    [Theory]
    [InlineData("not base64!")]
    [InlineData("bm90IGd6aXA=")]
    public void Helm_record_that_is_damaged_is_told(string release)
    {
        var failure = Assert.Throws<DalpException>(() => HelmReading.ToRelease(Record(Encoding.ASCII.GetBytes(release)), key));
        Assert.Equal(("HelmReleaseUnreadable", "record"), (failure.ErrorId, failure.Target));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"name":"x","chart":{"metadata":{"name":"x"}}}""")]
    public void Helm_record_without_a_release_is_told(string json) =>
        Assert.Equal("HelmReleaseUnreadable", Assert.Throws<DalpException>(() => HelmReading.ToRelease(Record(Pack(w => w.Write(Encoding.UTF8.GetBytes(json)))), key)).ErrorId);

    [Fact]
    public void Helm_record_that_unpacks_without_end_is_refused()
    {
        var zeros = new byte[1024 * 1024];
        Array.Fill(zeros, (byte)' ');
        var bomb = Pack(w =>
        {
            for (var i = 0; i < 80; i++)
            {
                w.Write(zeros);
            }
        });
        var failure = Assert.Throws<DalpException>(() => HelmReading.ToRelease(Record(bomb), key));
        Assert.Contains("65536 KiB", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Helm_values_that_were_not_given_are_the_same_as_none()
    {
        IReadOnlyDictionary<string, string> Digests(string config) => HelmReading.ToRelease(
            Record(Pack(w => w.Write(Encoding.UTF8.GetBytes($$$"""{"name":"x","version":1,"chart":{"metadata":{"name":"x","version":"1"}}{{{config}}}}""")))), key).ValueDigests;
        Assert.Empty(Digests(""));
        Assert.Empty(Digests(""","config":null"""));
        Assert.Empty(Digests(""","config":{}"""));
        Assert.Equal(["a"], Digests(""","config":{"a":null}""").Keys);
    }

    [Fact]
    public void Helm_values_are_digested_one_by_one_under_the_path_that_helm_gives_them()
    {
        const string Values = """{"hosts":["a",{"port":1}],"labels":{"app.kubernetes.io/name":"x"},"none":{},"nobody":[],"text":"1","number":1}""";
        var digests = HelmReading.ToRelease(
            Record(Pack(w => w.Write(Encoding.UTF8.GetBytes($$$"""{"name":"x","version":1,"chart":{"metadata":{"name":"x","version":"1"}},"config":{{{Values}}}}""")))), key).ValueDigests;
        Assert.Equal(
            ["hosts[0]", "hosts[1].port", @"labels.app\.kubernetes\.io/name", "nobody", "none", "number", "text"],
            digests.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(digests["hosts[1].port"], digests["number"]);
        Assert.NotEqual(digests["text"], digests["number"]);
    }

    [Fact]
    public void Helm_record_in_a_config_map_is_read_as_one_in_a_secret_and_is_no_configuration()
    {
        var packed = Pack(w => w.Write("""{"name":"x","version":3,"chart":{"metadata":{"name":"x","version":"1"}},"config":{"a":1}}"""u8.ToArray()));
        var map = new WireConfigMap(new WireMetadata { Name = "sh.helm.release.v1.x.v3" }, new() { ["release"] = Encoding.ASCII.GetString(packed) }, null);
        var (fromMap, fromSecret) = (HelmReading.ToRelease(map, key), HelmReading.ToRelease(Record(packed), key));
        Assert.Equal((fromSecret.Name, 3, fromSecret.Chart, fromSecret.ValueDigests["a"]), (fromMap.Name, fromMap.Revision, fromMap.Chart, fromMap.ValueDigests["a"]));
        Assert.Null(SecretReading.ToDigest(map, key));
    }

    [Fact]
    public void Secret_values_are_overwritten_once_read()
    {
        var value = "canary"u8.ToArray();
        SecretReading.ToDigest(new WireSecret(new WireMetadata { Name = "s" }, "Opaque", new() { ["k"] = value, ["empty"] = null }), key);
        Assert.All(value, b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData("apps/v1", "ReplicaSet", "dapp-6b7f", true, "6b7f", "Deployment/dapp")]
    [InlineData("apps/v1", "ReplicaSet", "dapp-admin-6b7f", true, "6b7f", "Deployment/dapp-admin")]
    [InlineData("apps/v1", "ReplicaSet", "adopted", true, "6b7f", "ReplicaSet/adopted")]
    [InlineData("apps/v1", "ReplicaSet", "dapp-6b7f", true, null, "ReplicaSet/dapp-6b7f")]
    [InlineData("apps/v1", "ReplicaSet", "-6b7f", true, "6b7f", "ReplicaSet/-6b7f")]
    [InlineData("apps/v1", "StatefulSet", "besu", true, "6b7f", "StatefulSet/besu")]
    [InlineData("apps/v1", "DaemonSet", "agent", true, null, "DaemonSet/agent")]
    [InlineData("apps.kruise.io/v1beta1", "StatefulSet", "besu", true, null, "StatefulSet.apps.kruise.io/besu")]
    [InlineData("v1", "Node", "node-1", true, null, "Node/node-1")]
    [InlineData("apps/v1", "StatefulSet", "besu", false, null, null)]
    public void Pod_belongs_to_its_controller(string apiVersion, string kind, string name, bool isController, string? hash, string? expected)
    {
        var metadata = new WireMetadata
        {
            Name = "pod",
            Labels = hash is null ? null : new() { ["pod-template-hash"] = hash },
            OwnerReferences = [new WireOwner("v1", "ConfigMap", "other", false), new WireOwner(apiVersion, kind, name, isController)],
        };
        Assert.Equal(expected, WorkloadReading.ToPod(new WirePod(metadata, null, null)).Owner);
    }

    [Fact]
    public void Workload_whose_controller_is_behind_is_not_observed()
    {
        var wire = new WireWorkload(new WireMetadata { Name = "x", Generation = 2 }, new WireWorkloadSpec(null, null), new WireWorkloadStatus { ObservedGeneration = 1, ReadyReplicas = 1, UpdatedReplicas = 1 });
        var workload = WorkloadReading.ToWorkload(WorkloadKind.Deployment, wire);
        Assert.Equal((1, false, false), (workload.Desired, workload.IsObserved, workload.IsFullyReady));
    }

    [Fact]
    public void A_release_that_was_never_deployed_is_none()
    {
        HelmRelease Attempt(int revision, string status) => new("x", revision, "x", "1", null, new Dictionary<string, string>()) { LastStatus = status };
        Assert.Null(HelmReading.Latest([Attempt(1, "failed")]));
        Assert.Equal((1, "pending-upgrade"), HelmReading.Latest([Attempt(1, "deployed"), Attempt(2, "failed"), Attempt(3, "pending-upgrade")]) is { } hanging ? (hanging.Revision, hanging.LastStatus) : default);
        Assert.Equal((4, "deployed"), HelmReading.Latest([Attempt(4, "deployed"), Attempt(3, "failed")]) is { } mended ? (mended.Revision, mended.LastStatus) : default);
    }

    [Fact]
    public void Quota_on_limits_is_kept_and_one_on_objects_is_not()
    {
        var quota = ClusterReading.ToQuota(new WireQuota(
            new WireMetadata { Name = "q" }, new WireQuotaStatus(new() { ["limits.cpu"] = "2500m", ["count/secrets"] = "10" }, new() { ["limits.cpu"] = "500m" })));
        Assert.Equal((2.5m, 0.5m), (quota.Hard["limits.cpu"], quota.Used["limits.cpu"]));
        Assert.Single(quota.Hard);
    }

    private static WireSecret Record(byte[] release) => new(new WireMetadata { Name = "record" }, "helm.sh/release.v1", new() { ["release"] = release });

    private static byte[] Pack(Action<Stream> write)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            write(gzip);
        }
        return Encoding.ASCII.GetBytes(Convert.ToBase64String(packed.ToArray()));
    }
}
