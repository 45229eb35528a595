using System.IO.Compression;
using System.Text;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>The objects that <see cref="ClusterContract{T}"/> expects.</summary>
internal static class Seed
{
    public const string SecretValue = "canary-b7c1-never-shown";

    public static async Task PlantAsync(ApiServerFixture server)
    {
        var ns = server.Namespace;
        var core = $"api/v1/namespaces/{ns}";
        await server.CreateAsync("api/v1/namespaces", $$$$"""{"metadata":{"name":"{{{{ns}}}}"}}""");
        await PlantNodeAsync(server);
        await PlantConfigurationAsync(server, core);
        await PlantWorkloadsAsync(server);
        await PlantPodsAsync(server, core);
        // After the pods: its defaults would be theirs.
        await server.CreateAsync($"{core}/limitranges", """{"metadata":{"name":"sizes"},"spec":{"limits":[{"type":"Container","defaultRequest":{"cpu":"50m"},"min":{"memory":"16Mi"}},{"type":"Pod","max":{"cpu":"64"}},{"type":"PersistentVolumeClaim","max":{"storage":"1Ti"}}]}}""");
        // Last: a quota on requests refuses pods that make none.
        await server.CreateAsync($"{core}/resourcequotas", """{"metadata":{"name":"limits"},"spec":{"hard":{"pods":"5000","requests.cpu":"5k","memory":"20Ti"}}}""");
        await server.MergeAsync($"{core}/resourcequotas/limits/status", """{"status":{"hard":{"pods":"5000","requests.cpu":"5k","memory":"20Ti"},"used":{"pods":"3"}}}""");
    }

    private static async Task PlantNodeAsync(ApiServerFixture server)
    {
        await server.CreateAsync("api/v1/nodes", $$$$"""
            {"metadata":{"name":"{{{{server.Node}}}}","labels":{"topology.kubernetes.io/region":"eu-west","topology.kubernetes.io/zone":"eu-west-1a"}},
             "spec":{"taints":[{"key":"dedicated","value":"db","effect":"NoSchedule"}]}}
            """);
        await server.MergeAsync($"api/v1/nodes/{server.Node}/status", """
            {"status":{"allocatable":{"cpu":"3500m","memory":"8Gi","pods":"110"},
             "conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":"2026-01-01T00:00:00Z","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}
            """);
    }

    private static async Task PlantConfigurationAsync(ApiServerFixture server, string core)
    {
        var value = Convert.ToBase64String(Encoding.UTF8.GetBytes(SecretValue));
        await server.CreateAsync($"{core}/secrets", $$$$"""{"metadata":{"name":"login"},"type":"Opaque","data":{"username":"ZGFscA==","password":"{{{{value}}}}"}}""");
        await server.CreateAsync($"{core}/secrets", $$$$"""{"metadata":{"name":"login-copy"},"type":"Opaque","data":{"password":"{{{{value}}}}"}}""");
        await server.CreateAsync($"{core}/secrets", $$$$"""
            {"metadata":{"name":"tls-good"},"type":"kubernetes.io/tls","data":{"tls.crt":"{{{{Base64(TestCertificates.Leaf("dapp.example.com").ExportCertificatePem())}}}}","tls.key":"eA=="}}
            """);
        await server.CreateAsync($"{core}/secrets", """{"metadata":{"name":"tls-damaged"},"type":"kubernetes.io/tls","data":{"tls.crt":"bm8=","tls.key":"eA=="}}""");
        await PlantReleaseAsync(server, core, 1, "1.0.0", """{"b":2,"a":{"y":[1,2],"x":"1"}}""");
        await PlantReleaseAsync(server, core, 2, "1.1.0", """{"a":{"x":"1","y":[1,2]},"b":2}""");
        await PlantReleaseAsync(server, core, 3, "1.2.0", """{"a":{"x":"1","y":[1,2]},"b":2}""", status: "failed");
        await server.CreateAsync($"{core}/configmaps", """{"metadata":{"name":"site"},"data":{"region":"eu-west"},"binaryData":{"blob":"AAEC"}}""");
        await server.CreateAsync($"{core}/persistentvolumeclaims", $$$$"""
            {"metadata":{"name":"data"},"spec":{"storageClassName":"{{{{server.Namespace}}}}","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"} } } }
            """);
        await server.CreateAsync("apis/storage.k8s.io/v1/storageclasses", $$$$"""
            {"metadata":{"name":"{{{{server.Namespace}}}}","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},"provisioner":"example.com/disk"}
            """);
        await server.CreateAsync("apis/networking.k8s.io/v1/ingressclasses", $$$$"""{"metadata":{"name":"{{{{server.Namespace}}}}"},"spec":{"controller":"example.com/ingress"}}""");
        await server.CreateAsync($"apis/networking.k8s.io/v1/namespaces/{server.Namespace}/ingresses", $$$$"""
            {"metadata":{"name":"dapp"},"spec":{"ingressClassName":"{{{{server.Namespace}}}}","rules":[{"host":"dapp.example.com"},{"host":"api.example.com"},{"host":"dapp.example.com"}],"tls":[{"hosts":["dapp.example.com"],"secretName":"dapp-tls"},{}]}}
            """);
    }

    private static Task PlantReleaseAsync(ApiServerFixture server, string core, int revision, string version, string values, string status = "deployed")
    {
        var json = $$$$"""{"name":"dalp","version":{{{{revision}}}},"chart":{"metadata":{"name":"dalp","version":"{{{{version}}}}","appVersion":"7.2"},"templates":[{"name":"t","data":"eA=="}]},"config":{{{{values}}}}}""";
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(Encoding.UTF8.GetBytes(json));
        }
        return server.CreateAsync($"{core}/secrets", $$$$"""
            {"metadata":{"name":"sh.helm.release.v1.dalp.v{{{{revision}}}}","labels":{"owner":"helm","status":"{{{{status}}}}","name":"dalp","version":"{{{{revision}}}}"}},
             "type":"helm.sh/release.v1","data":{"release":"{{{{Base64(Convert.ToBase64String(packed.ToArray()))}}}}"}}
            """);
    }

    private static async Task PlantWorkloadsAsync(ApiServerFixture server)
    {
        var apps = $"apis/apps/v1/namespaces/{server.Namespace}";
        // The selectors match nothing that the suite counts, and zero replicas make no pods where controllers run.
        await server.CreateAsync($"{apps}/deployments", """
            {"metadata":{"name":"dapp","labels":{"tier":"front"}},"spec":{"replicas":0,"selector":{"matchLabels":{"app":"dapp"}},
             "template":{"metadata":{"labels":{"app":"dapp"}},"spec":{
              "initContainers":[{"name":"wait","image":"busybox:1","resources":{"requests":{"cpu":"1","memory":"1Gi"}}}],
              "containers":[{"name":"dapp","image":"ghcr.io/example/dapp:7.2","resources":{"requests":{"cpu":"250m"},"limits":{"cpu":"2","memory":"512Mi"}}}]}}}}
            """);
        await server.CreateAsync($"{apps}/statefulsets", """
            {"metadata":{"name":"redis"},"spec":{"replicas":0,"serviceName":"redis","selector":{"matchLabels":{"app":"redis"}},
             "template":{"metadata":{"labels":{"app":"redis"}},"spec":{"containers":[{"name":"redis","image":"redis:8"}]}}}}
            """);
        await server.CreateAsync($"{apps}/daemonsets", """
            {"metadata":{"name":"agent"},"spec":{"selector":{"matchLabels":{"app":"agent"}},
             "template":{"metadata":{"labels":{"app":"agent"}},"spec":{"nodeSelector":{"dalpha.test/none":"here"},"containers":[{"name":"agent","image":"agent:1"}]}}}}
            """);
    }

    private static async Task PlantPodsAsync(ApiServerFixture server, string core)
    {
        // Where controllers make the namespace's service account and the account's token, pods are refused until both are there.
        for (var waited = 0; waited < 100 && !await server.CanCreateAsync($"{core}/pods", """{"metadata":{"name":"probe"},"spec":{"containers":[{"name":"c","image":"c:1"}]}}"""); waited++)
        {
            await Task.Delay(100);
        }
        await server.CreateAsync($"{core}/pods", $$$$"""
            {"metadata":{"name":"crashing","labels":{"app":"crashing"}},"spec":{"nodeName":"{{{{server.Node}}}}","containers":[
              {"name":"main","image":"ghcr.io/example/main:1","resources":{"requests":{"cpu":"100m","memory":"64Mi"}}}]}}
            """);
        await server.MergeAsync($"{core}/pods/crashing/status", """
            {"status":{"phase":"Running","conditions":[{"type":"Ready","status":"False"}],"containerStatuses":[{"name":"main","image":"other","imageID":"ghcr.io/example/main@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","ready":false,"restartCount":7,
             "state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","startedAt":"2026-01-01T00:00:00Z","finishedAt":"2026-01-02T00:00:00Z"}}}]}}
            """);
        await Parallel.ForAsync(0, ApiServerFixture.ManyPods, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await server.CreateAsync($"{core}/pods", $$$$"""{"metadata":{"name":"many-{{{{i}}}}"},"spec":{"containers":[{"name":"c","image":"c:1"}]}}"""));
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
