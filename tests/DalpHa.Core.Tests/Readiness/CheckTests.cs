using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using static DalpHa.Core.Tests.Readiness.Given;

namespace DalpHa.Core.Tests.Readiness;

/// <summary>One thing is spoiled, and one check says so: each row is a way in which a standby goes cold.</summary>
public sealed class CheckTests
{
    private static readonly Dictionary<string, (string Check, Action<Given> Spoil, CheckStatus Status, string Target, string Observed)> Cases = new()
    {
        ["standby one minor behind"] = ("ApiReachable", g => g.Standby.Version = new(1, 31, "v1.31.0"), CheckStatus.Warn, "Kubernetes version", "1.32 and 1.31"),
        ["standby two minors behind"] = ("ApiReachable", g => g.Standby.Version = new(1, 30, "v1.30.0"), CheckStatus.Fail, "Kubernetes version", "1.32 and 1.30"),
        ["may not scale"] = ("Permissions", g => g.Standby.IsAllowed = r => r.Verb != "patch" || r.Resource != "deployments", CheckStatus.Fail, "patch deployments.apps", "denied"),
        ["may not list nodes"] = ("Permissions", g => g.Standby.IsAllowed = r => r.Resource != "nodes", CheckStatus.Unknown, "list nodes", "denied"),
        ["a reader may not list nodes"] = ("Permissions", g => { g.Account = DalpAccount.Reader; g.Standby.IsAllowed = r => r.Resource != "nodes"; }, CheckStatus.Unknown, "list nodes", "denied"),
        ["same region"] = ("FailureDomains", g => g.Standby.Nodes = [Node("n", 8, "eu-west")], CheckStatus.Fail, "regions", "share eu-west"),
        ["unlabelled nodes"] = ("FailureDomains", g => g.Standby.Nodes = [Node("n", 8, null)], CheckStatus.Unknown, "regions", "1 of 1 unlabelled"),

        ["active down"] = ("ActiveServing", g => g.Active.Workloads[0] = Workload("dapp", 2, 0), CheckStatus.Fail, "Deployment/dapp", "0 of 2 ready"),
        ["active partly ready"] = ("ActiveServing", g => g.Active.Workloads[0] = Workload("dapp", 2, 1), CheckStatus.Warn, "Deployment/dapp", "1 of 2 ready"),
        ["active mid-rollout"] = ("ActiveServing", g => g.Active.Workloads[1] = Workload("validator", 2, kind: WorkloadKind.StatefulSet) with { Updated = 1 }, CheckStatus.Warn, "StatefulSet/validator", "1 of 2 updated"),
        ["active not observed"] = ("ActiveServing", g => g.Active.Workloads[0] = Workload("dapp", 2) with { IsObserved = false }, CheckStatus.Unknown, "Deployment/dapp", "not yet observed"),

        ["standby not ready"] = ("StandbyWorkloads", g => g.Standby.Workloads[0] = Workload("dapp", 2, 1), CheckStatus.Fail, "Deployment/dapp", "1 of 2 ready"),
        ["standby mid-rollout"] = ("StandbyWorkloads", g => g.Standby.Workloads[0] = Workload("dapp", 2) with { Updated = 1 }, CheckStatus.Warn, "Deployment/dapp", "1 of 2 updated"),
        ["standby not observed"] = ("StandbyWorkloads", g => g.Standby.Workloads[0] = Workload("dapp", 2) with { IsObserved = false }, CheckStatus.Unknown, "Deployment/dapp", "not yet observed"),
        ["standby at zero though it should run"] = ("StandbyWorkloads", g => g.Standby.Workloads[0] = Workload("dapp", 0), CheckStatus.Fail, "Deployment/dapp", "0 replicas"),
        ["daemon set on no node"] = ("StandbyWorkloads", g => g.Standby.Workloads[0] = Workload("dapp", 0, kind: WorkloadKind.DaemonSet), CheckStatus.Fail, "DaemonSet/dapp", "on no node"),
        ["a count that only the active knows"] = ("StandbyWorkloads", g => g.Topology = g.Topology with { Workloads = [g.Topology.Workloads[0], Rule("validator", StandbyMode.Zero, WorkloadRole.Validator)] }, CheckStatus.Warn, "StatefulSet/validator", "0 replicas, count unknown"),
        ["workload missing"] = ("StandbyWorkloads", g => g.Standby.Workloads.RemoveAt(0), CheckStatus.Fail, "dapp", "missing"),
        ["validator runs on the standby"] = ("StandbyWorkloads", g => g.Standby.Workloads[1] = Workload("validator", 1, kind: WorkloadKind.StatefulSet), CheckStatus.Fail, "StatefulSet/validator", "1 of 1 ready"),
        ["validator still terminating"] = ("StandbyWorkloads", g => g.Standby.Pods.Add(Pod("validator", 0) with { IsDeleting = true }), CheckStatus.Fail, "StatefulSet/validator", "1 pod terminating"),
        ["an orphan with a validator's labels"] = ("StandbyWorkloads", g => g.Standby.Pods.Add(Pod("validator", 0) with { Name = "copy", Owner = null }), CheckStatus.Fail, "StatefulSet/validator", "1 pod left"),
        ["an adopted validator"] = ("StandbyWorkloads", g => g.Standby.Pods.Add(Pod("validator", 0) with { Owner = "ReplicaSet/old" }), CheckStatus.Fail, "StatefulSet/validator", "1 pod left"),
        ["validator pods of a deleted workload"] = ("StandbyWorkloads", g => { g.Topology = g.Topology with { Workloads = [g.Topology.Workloads[0], Rule("validator", StandbyMode.Absent, WorkloadRole.Validator)] }; g.Standby.Workloads.RemoveAt(1); g.Standby.Pods.Add(Pod("validator", 0)); }, CheckStatus.Fail, "validator", "1 pod of no workload"),
        ["a validator that a looser rule chooses too"] = ("StandbyWorkloads", g => { g.Topology = g.Topology with { Workloads = [new("all", LabelSelector.Parse("app"), StandbyMode.Running, WorkloadRole.Service), .. g.Topology.Workloads] }; g.Standby.Workloads[1] = Workload("validator", 1, kind: WorkloadKind.StatefulSet); }, CheckStatus.Fail, "StatefulSet/validator", "1 of 1 ready"),
        ["undeclared on both, and not ready"] = ("StandbyWorkloads", g => { g.Active.Workloads.Add(Workload("extra", 1)); g.Standby.Workloads.Add(Workload("extra", 1, 0)); }, CheckStatus.Warn, "Deployment/extra", "0 of 1 ready"),
        ["undeclared workload"] = ("StandbyWorkloads", g => g.Active.Workloads.Add(Workload("extra", 1)), CheckStatus.Warn, "Deployment/extra", "missing"),
        ["staged without a topology"] = ("StandbyWorkloads", g => g.Topology = g.Topology with { Workloads = [] }, CheckStatus.Warn, "StatefulSet/validator", "0 replicas"),

        ["CronJob missing"] = ("StandbyWorkloads", g => { g.Active.CronJobs = [CronJob("sweep", "dapp")]; g.Standby.CronJobs = []; }, CheckStatus.Fail, "CronJob/sweep", "missing"),
        ["a signer's CronJob starts Jobs on the standby"] = ("StandbyWorkloads", g => Both(g, CronJob("sweep", "validator"), false), CheckStatus.Fail, "CronJob/sweep", "starts Jobs"),
        ["a signer's CronJob, told though the active is dead"] = ("StandbyWorkloads", g => { Both(g, CronJob("sweep", "validator"), false); g.Active.Down = Unreachable(); }, CheckStatus.Fail, "CronJob/sweep", "starts Jobs"),
        ["a signer's suspended CronJob with a Job that runs"] = ("StandbyWorkloads", g => { Both(g, CronJob("sweep", "validator"), true); g.Standby.CronJobs[0] = g.Standby.CronJobs[0] with { ActiveJobs = ["sweep-29312345"] }; }, CheckStatus.Fail, "CronJob/sweep", "suspended, Job/sweep-29312345 runs"),
        ["a signer's suspended CronJob with a pod of a Job"] = ("StandbyWorkloads", g => { Both(g, CronJob("sweep", "validator"), true); g.Standby.Pods.Add(Pod("other", 0) with { Owner = "Job/sweep-29312345" }); }, CheckStatus.Fail, "CronJob/sweep", "suspended, Job/sweep-29312345 runs"),
        ["a writer's CronJob starts Jobs on the standby"] = ("StandbyWorkloads", g => { g.Topology = g.Topology with { Workloads = [.. g.Topology.Workloads, Rule("ledger", StandbyMode.Zero, WorkloadRole.Writer)] }; Both(g, CronJob("rollup", "ledger"), false); }, CheckStatus.Fail, "CronJob/rollup", "starts Jobs"),
        ["a service's CronJob starts Jobs though it is staged"] = ("StandbyWorkloads", g => { g.Topology = g.Topology with { Workloads = [.. g.Topology.Workloads, Rule("report", StandbyMode.Zero, WorkloadRole.Service)] }; Both(g, CronJob("weekly", "report"), false); }, CheckStatus.Warn, "CronJob/weekly", "starts Jobs"),
        ["a CronJob that has no place there"] = ("StandbyWorkloads", g => { g.Topology = g.Topology with { Workloads = [.. g.Topology.Workloads, Rule("report", StandbyMode.Absent, WorkloadRole.Service)] }; Both(g, CronJob("weekly", "report"), true); }, CheckStatus.Warn, "CronJob/weekly", "suspended"),
        ["a CronJob suspended though it should run"] = ("StandbyWorkloads", g => Both(g, CronJob("clean", "dapp"), true), CheckStatus.Warn, "CronJob/clean", "suspended"),
        ["a CronJob at other times"] = ("StandbyWorkloads", g => { Both(g, CronJob("clean", "dapp"), false); g.Standby.CronJobs[0] = g.Standby.CronJobs[0] with { Schedule = "0 4 * * * Europe/Berlin" }; }, CheckStatus.Warn, "CronJob/clean", "0 4 * * * Europe/Berlin"),
        ["undeclared CronJob on the standby"] = ("StandbyWorkloads", g => Both(g, CronJob("backup", "extra"), false), CheckStatus.Warn, "CronJob/backup", "starts Jobs"),
        ["undeclared CronJob of the active"] = ("StandbyWorkloads", g => g.Active.CronJobs = [CronJob("backup", "extra")], CheckStatus.Warn, "CronJob/backup", "missing"),
        ["a CronJob suspended without a topology"] = ("StandbyWorkloads", g => { Both(g, CronJob("sweep", "signer"), true); g.Topology = g.Topology with { Workloads = [] }; }, CheckStatus.Warn, "CronJob/sweep", "suspended"),
        ["CronJobs that nobody may list"] = ("StandbyWorkloads", g => g.Standby.Failures["cronjobs"] = new("ApiForbidden", FaultKind.Forbidden, "May not list cronjobs.", "Grant it.", "cronjobs"), CheckStatus.Unknown, "cronjobs", "not allowed to look"),

        ["another tag of a CronJob"] = ("ImageParity", g => { Both(g, CronJob("sweep", "validator"), true); g.Standby.CronJobs[0] = g.Standby.CronJobs[0] with { Containers = [Container("ghcr.io/dalp/app:1.4.1")] }; }, CheckStatus.Fail, "CronJob/sweep/main", ":1.4.1"),
        ["floating tag of a CronJob"] = ("ImageParity", g => Both(g, CronJob("sweep", "validator") with { Containers = [Container("ghcr.io/dalp/app")] }, true), CheckStatus.Warn, "CronJob/sweep/main", ":latest, not running"),
        ["CronJobs whose images nobody may see"] = ("ImageParity", g => g.Active.Failures["cronjobs"] = new("ApiForbidden", FaultKind.Forbidden, "May not list cronjobs.", "Grant it.", "cronjobs"), CheckStatus.Unknown, "cronjobs", "not allowed to look"),
        ["another tag"] = ("ImageParity", g => g.Standby.Workloads[0] = Workload("dapp", 2, image: "ghcr.io/dalp/app:1.4.1"), CheckStatus.Fail, "Deployment/dapp/main", ":1.4.1"),
        ["another image"] = ("ImageParity", g => g.Standby.Workloads[0] = Workload("dapp", 2, image: "ghcr.io/dalp/fork:1.4.2"), CheckStatus.Fail, "Deployment/dapp/main", "dalp/fork"),
        ["another registry"] = ("ImageParity", g => g.Standby.Workloads[0] = Workload("dapp", 2, image: "mirror:5000/dalp/app:1.4.2"), CheckStatus.Warn, "Deployment/dapp/main", "mirror:5000"),
        ["another registry than the declared one"] = ("ImageParity", g => { g.Standby.Workloads[0] = Workload("dapp", 2, image: "mirror:5000/dalp/app:1.4.2"); g.Topology = g.Topology with { Registries = [new("ghcr.io", "mirror")] }; }, CheckStatus.Warn, "Deployment/dapp/main", "mirror:5000"),
        ["declared registries that nothing comes from"] = ("ImageParity", g => g.Topology = g.Topology with { Registries = [new("ghcr.io", "mirror:5000")] }, CheckStatus.Warn, "mirror:5000 for ghcr.io", "matches nothing"),
        ["declared registry, moved tag"] = ("ImageParity", g => { g.Standby.Workloads[0] = Workload("dapp", 2, image: "mirror:5000/dalp/app:1.4.2"); g.Standby.Pods = [Pod("dapp", 0, Sha2)]; g.Topology = g.Topology with { Registries = [new("ghcr.io", "mirror:5000")] }; }, CheckStatus.Fail, "Deployment/dapp/main", "sha256:222222222222"),
        ["moved tag"] = ("ImageParity", g => g.Standby.Pods = [Pod("dapp", 0, Sha2), Pod("dapp", 1, Sha2)], CheckStatus.Fail, "Deployment/dapp/main", "sha256:222222222222"),
        ["two digests under one tag"] = ("ImageParity", g => g.Standby.Pods[1] = Pod("dapp", 1, Sha2), CheckStatus.Warn, "Deployment/dapp/main", "sha256:111111111111, sha256:222222222222"),
        ["no digest though it should run"] = ("ImageParity", g => g.Standby.Pods.Clear(), CheckStatus.Unknown, "Deployment/dapp/main", "no digest"),
        ["local image id"] = ("ImageParity", g => g.Standby.Pods = [WithContainer(Pod("dapp", 0), c => c with { ImageId = Sha2 })], CheckStatus.Unknown, "Deployment/dapp/main", "digests not comparable"),
        ["floating tag, staged"] = ("ImageParity", g => { g.Active.Workloads[1] = Workload("validator", 2, kind: WorkloadKind.StatefulSet, image: "besu"); g.Standby.Workloads[1] = Workload("validator", 0, kind: WorkloadKind.StatefulSet, image: "besu"); }, CheckStatus.Warn, "StatefulSet/validator/main", ":latest, not running"),

        ["crash loop"] = ("Restarts", g => g.Standby.Pods[0] = WithContainer(Pod("dapp", 0), c => c with { WaitingReason = "CrashLoopBackOff", RestartCount = 9 }), CheckStatus.Fail, "Pod/dapp-0/main", "CrashLoopBackOff"),
        ["image can't be pulled"] = ("Restarts", g => g.Standby.Pods[0] = WithContainer(Pod("dapp", 0), c => c with { WaitingReason = "ImagePullBackOff" }), CheckStatus.Fail, "Pod/dapp-0/main", "ImagePullBackOff"),
        ["out of memory"] = ("Restarts", g => g.Standby.Pods[0] = WithContainer(Pod("dapp", 0), c => c with { LastTerminatedReason = "OOMKilled", RestartCount = 1 }), CheckStatus.Warn, "Pod/dapp-0/main", "OOMKilled"),
        ["between two crashes"] = ("Restarts", g => g.Standby.Pods[0] = WithContainer(Pod("dapp", 0), c => c with { RestartCount = 2, LastTerminatedAt = Now.AddMinutes(-3), LastTerminatedReason = "Error" }), CheckStatus.Warn, "Pod/dapp-0/main", "restarted just now"),
        ["on no node"] = ("Restarts", g => g.Standby.Pods[0] = Pod("dapp", 0) with { Phase = "Pending", NodeName = null, Containers = [] }, CheckStatus.Warn, "Pod/dapp-0", "Pending, on no node"),
        ["pod of a lost node"] = ("Restarts", g => g.Standby.Pods[0] = Pod("dapp", 0) with { Phase = "Unknown" }, CheckStatus.Unknown, "Pod/dapp-0", "phase Unknown"),
        ["many restarts"] = ("Restarts", g => g.Standby.Pods[0] = WithContainer(Pod("dapp", 0), c => c with { RestartCount = 6 }), CheckStatus.Warn, "Pod/dapp-0/main", "6 restarts"),
        ["5,000 pods in one crash loop"] = ("Restarts", g => g.Standby.Pods = [.. Enumerable.Range(0, 5000).Select(i => WithContainer(Pod("dapp", i), c => c with { WaitingReason = "CrashLoopBackOff" }))], CheckStatus.Fail, "Pod/dapp-0/main", "CrashLoopBackOff ×5000"),

        ["secret missing"] = ("RequiredSecrets", g => g.Standby.Secrets.Clear(), CheckStatus.Fail, "Secret/dalp-db", "missing"),
        ["secret of another value"] = ("RequiredSecrets", g => g.Standby.Secrets[0] = Secret("dalp-db", ("password", "other"), ("username", "d2")), CheckStatus.Fail, "Secret/dalp-db", "password differs"),
        ["secret lacks a key"] = ("RequiredSecrets", g => g.Standby.Secrets[0] = Secret("dalp-db", ("username", "d2")), CheckStatus.Fail, "Secret/dalp-db", "lacks password"),
        ["secret with an extra key"] = ("RequiredSecrets", g => g.Standby.Secrets[0] = Secret("dalp-db", ("password", "d1"), ("username", "d2"), ("old", "x")), CheckStatus.Warn, "Secret/dalp-db", "has also old"),
        ["site-specific secret lacks a key"] = ("RequiredSecrets", g => { g.Standby.Secrets[0] = Secret("dalp-db", ("username", "d2")); g.Topology = g.Topology with { SiteSpecificSecrets = [new("dalp-db", null)] }; }, CheckStatus.Fail, "Secret/dalp-db", "lacks password"),
        ["site-specific key does not excuse another"] = ("RequiredSecrets", g => { g.Standby.Secrets[0] = Secret("dalp-db", ("password", "x"), ("username", "y")); g.Topology = g.Topology with { SiteSpecificSecrets = [new("dalp-db", "username")] }; }, CheckStatus.Fail, "Secret/dalp-db", "password differs"),
        ["site-specific key that is nowhere"] = ("RequiredSecrets", g => g.Topology = g.Topology with { SiteSpecificSecrets = [new("dalp-db", "user")] }, CheckStatus.Warn, "dalp-db/user", "matches nothing"),
        ["secret of another type"] = ("RequiredSecrets", g => g.Standby.Secrets[0] = g.Standby.Secrets[0] with { Type = "kubernetes.io/tls" }, CheckStatus.Fail, "Secret/dalp-db", "kubernetes.io/tls"),
        ["secret that is empty on both sites"] = ("RequiredSecrets", g => g.Active.Secrets[0] = g.Standby.Secrets[0] = Secret("dalp-db"), CheckStatus.Warn, "Secret/dalp-db", "no key on either site"),
        ["no secret on the active and none declared"] = ("RequiredSecrets", g => { g.Topology = g.Topology with { RequiredSecrets = null }; g.Active.Secrets.Clear(); }, CheckStatus.Unknown, "secrets", "none on the active"),
        ["no secret declared"] = ("RequiredSecrets", g => g.Topology = g.Topology with { RequiredSecrets = [] }, CheckStatus.Unknown, "secrets", "not declared"),
        ["secret missing without a topology"] = ("RequiredSecrets", g => { g.Topology = g.Topology with { RequiredSecrets = null }; g.Standby.Secrets.Clear(); }, CheckStatus.Fail, "Secret/dalp-db", "missing"),

        ["configuration drift"] = ("ConfigMapParity", g => g.Standby.ConfigMaps[0] = Map("dalp", "c2"), CheckStatus.Fail, "ConfigMap/dalp", "changed: config.yaml"),
        ["site-specific configuration missing"] = ("ConfigMapParity", g => g.Standby.ConfigMaps.RemoveAt(1), CheckStatus.Fail, "ConfigMap/dalp-site", "missing"),
        ["site-specific key missing"] = ("ConfigMapParity", g => { g.Standby.ConfigMaps[0] = new("dalp", new Dictionary<string, string>()); Specific(g, "dalp-site", "dalp/config.yaml"); }, CheckStatus.Fail, "ConfigMap/dalp", "lacks config.yaml"),
        ["site-specific configuration that is nowhere"] = ("ConfigMapParity", g => Specific(g, "dalp-site", "dalp/REGION"), CheckStatus.Warn, "dalp/REGION", "matches nothing"),
        ["configuration missing"] = ("ConfigMapParity", g => g.Standby.ConfigMaps.RemoveAt(0), CheckStatus.Fail, "ConfigMap/dalp", "missing"),
        ["no configuration"] = ("ConfigMapParity", g => { g.Active.ConfigMaps.Clear(); g.Standby.ConfigMaps.Clear(); }, CheckStatus.Warn, "configuration", "no ConfigMap"),
        ["no route"] = ("IngressParity", g => { g.Active.Routes.Clear(); g.Standby.Routes.Clear(); }, CheckStatus.Unknown, "routes", "no Ingress or Route"),
        ["declared host that nothing serves"] = ("IngressParity", g => g.Topology = g.Topology with { Standby = g.Topology.Standby with { Routes = [new("rpc", new Uri("https://rpc.example.com"))] } }, CheckStatus.Unknown, "rpc.example.com", "no Ingress or Route"),
        ["host missing"] = ("IngressParity", g => g.Standby.Routes.Clear(), CheckStatus.Fail, "dapp.example.com", "no route"),
        ["another ingress class"] = ("IngressParity", g => g.Standby.Routes[0] = g.Standby.Routes[0] with { ClassName = "haproxy" }, CheckStatus.Warn, "dapp.example.com", "class haproxy"),
        ["another chart version"] = ("HelmParity", g => g.Standby.Releases[0] = g.Standby.Releases[0] with { ChartVersion = "2.0.9" }, CheckStatus.Fail, "Release/dalp", "dalp 2.0.9"),
        ["other values"] = ("HelmParity", g => g.Standby.Releases[0] = g.Standby.Releases[0] with { ValueDigests = Values(("replicas", "v9"), ("global.domain", "v2")) }, CheckStatus.Fail, "Release/dalp", "changed: replicas"),
        ["other values, and no list of those that may"] = ("HelmParity", g => g.Topology = g.Topology with { SiteSpecificHelmValues = null }, CheckStatus.Warn, "Release/dalp", "changed: global.region"),
        ["a value like one that may differ"] = ("HelmParity", g => g.Topology = g.Topology with { SiteSpecificHelmValues = ["global.regio"] }, CheckStatus.Fail, "Release/dalp", "changed: global.region"),
        ["a value that may differ and is nowhere"] = ("HelmParity", g => g.Topology = g.Topology with { SiteSpecificHelmValues = ["global.region", "storage"] }, CheckStatus.Warn, "storage", "matches nothing"),
        ["an upgrade that failed"] = ("HelmParity", g => g.Standby.Releases[0] = g.Standby.Releases[0] with { LastStatus = "failed" }, CheckStatus.Warn, "Release/dalp", "failed"),
        ["release missing"] = ("HelmParity", g => g.Standby.Releases.Clear(), CheckStatus.Fail, "Release/dalp", "not deployed"),

        ["expired"] = ("Certificates", g => g.Standby.Certificates = [Certificate(-1, "dapp.example.com"), Certificate(90, "*.example.com")], CheckStatus.Fail, "Secret/dalp-tls", "expired 2026-05-31"),
        ["ends soon"] = ("Certificates", g => g.Standby.Certificates = [Certificate(10, "*.example.com")], CheckStatus.Warn, "Secret/dalp-tls", "10 d left"),
        ["unreadable"] = ("Certificates", g => g.Standby.Certificates.Add(new TlsCertificate("bad", null, [], null, null, "not PEM")), CheckStatus.Fail, "Secret/bad", "unreadable"),
        ["host not covered"] = ("Certificates", g => g.Standby.Certificates = [Certificate(90, "*.example.org")], CheckStatus.Fail, "dapp.example.com", "Secret/dalp-tls for others"),
        ["host covered only by a certificate that its ingress does not name"] = ("Certificates", g => g.Standby.Certificates = [Certificate(90, "*.example.org"), Certificate(90, "*.example.com") with { SecretName = "other" }], CheckStatus.Fail, "dapp.example.com", "Secret/dalp-tls for others"),
        ["named certificate missing beside one that would fit"] = ("Certificates", g => g.Standby.Certificates = [Certificate(90, "*.example.com") with { SecretName = "other" }], CheckStatus.Fail, "dapp.example.com", "no Secret/dalp-tls"),
        ["named certificate missing"] = ("Certificates", g => g.Standby.Certificates.Clear(), CheckStatus.Fail, "dapp.example.com", "no Secret/dalp-tls"),
        ["ingress that names no certificate"] = ("Certificates", g => Tls(g), CheckStatus.Unknown, "dapp.example.com", "no certificate named"),
        ["ingress that names one for another host"] = ("Certificates", g => Tls(g, new RouteCertificate(["api.example.com"], "dalp-tls")), CheckStatus.Unknown, "dapp.example.com", "no certificate named"),
        ["ingress that leaves it to its controller"] = ("Certificates", g => Tls(g, new RouteCertificate(["dapp.example.com"], null)), CheckStatus.Unknown, "dapp.example.com", "no certificate named"),
        ["one of two named certificates missing"] = ("Certificates", g => Tls(g, new RouteCertificate(["*.example.com"], "dalp-tls"), new RouteCertificate([], "gone")), CheckStatus.Fail, "dapp.example.com", "no Secret/gone"),

        ["any host, and no name said"] = ("Certificates", g => { AnyHost(g); Tls(g, new RouteCertificate([], "dalp-tls")); }, CheckStatus.Unknown, "*", "Secret/dalp-tls for any host"),
        ["any host, with one certificate for all the rest"] = ("Certificates", g => { AnyHost(g); Tls(g, new RouteCertificate(["dapp.example.com"], "dalp-tls"), new RouteCertificate([], "dalp-tls")); }, CheckStatus.Unknown, "*", "Secret/dalp-tls for any host"),
        ["any host, and a certificate for others than it says"] = ("Certificates", g => { AnyHost(g); Tls(g, new RouteCertificate(["dapp.example.org"], "dalp-tls")); }, CheckStatus.Fail, "dapp.example.org", "Secret/dalp-tls for others"),
        ["any host, and the certificate missing"] = ("Certificates", g => { AnyHost(g); Tls(g, new RouteCertificate([], "gone")); }, CheckStatus.Fail, "*", "no Secret/gone"),
        ["any host, and no certificate named"] = ("Certificates", g => { AnyHost(g); Tls(g); }, CheckStatus.Unknown, "*", "no certificate named"),
        ["no certificate and none named"] = ("Certificates", g => { g.Standby.Certificates.Clear(); Tls(g); }, CheckStatus.Unknown, "certificates", "no TLS Secret"),
        ["no certificate and no host"] = ("Certificates", g => { g.Standby.Certificates.Clear(); g.Standby.Routes.Clear(); }, CheckStatus.Unknown, "certificates", "no TLS Secret"),
        ["storage class missing"] = ("ClusterClasses", g => g.Standby.StorageClasses.Clear(), CheckStatus.Fail, "StorageClass/fast", "missing"),
        ["ingress class missing"] = ("ClusterClasses", g => g.Standby.IngressClasses.Clear(), CheckStatus.Fail, "IngressClass/nginx", "missing"),
        ["no default class"] = ("ClusterClasses", g => { g.Active.Claims.Add(new VolumeClaim("x", null, "Bound")); g.Standby.StorageClasses = [new ClusterClass("fast", "csi", false)]; }, CheckStatus.Fail, "StorageClass/(default)", "missing"),
        ["claim lost"] = ("ClusterClasses", g => g.Standby.Claims[0] = g.Standby.Claims[0] with { Phase = "Lost" }, CheckStatus.Fail, "PersistentVolumeClaim/data", "Lost"),

        ["claim of an unknown phase"] = ("ClusterClasses", g => g.Standby.Claims[0] = g.Standby.Claims[0] with { Phase = "Unknown" }, CheckStatus.Unknown, "PersistentVolumeClaim/data", "phase Unknown"),
        ["active without workloads"] = ("StandbyCapacity", g => g.Active.Workloads.Clear(), CheckStatus.Unknown, "capacity", "no workload"),
        ["active scaled down"] = ("StandbyCapacity", g => { g.Active.Workloads[0] = Workload("dapp", 0); g.Standby.Pods.Clear(); g.Standby.Nodes = [Node("n", 2, "x") with { AllocatablePods = 3 }]; }, CheckStatus.Fail, "capacity", "4 pods to start"),
        ["nodes cordoned"] = ("StandbyCapacity", g => g.Standby.Nodes = [Node("n", 8, "x") with { IsUnschedulable = true }], CheckStatus.Fail, "nodes", "0 of 1 take pods"),
        ["sum exceeded"] = ("StandbyCapacity", g => g.Standby.PodRequests = [new("node-1", new(4, 0)), new("node-2", new(3.5m, 0))], CheckStatus.Fail, "capacity", "needs 1 CPU, 1 GiB"),
        ["a pod too large for any node"] = ("StandbyCapacity", g => { g.Standby.Workloads[1] = Workload("validator", 0, cpu: 5, kind: WorkloadKind.StatefulSet); g.Active.Workloads[1] = Workload("validator", 1, kind: WorkloadKind.StatefulSet); }, CheckStatus.Fail, "StatefulSet/validator", "0 of 1 placed"),
        ["quota"] = ("StandbyCapacity", g => g.Standby.Quotas = [new("q", new Dictionary<string, decimal> { ["pods"] = 3 }, new Dictionary<string, decimal> { ["pods"] = 2 })], CheckStatus.Fail, "ResourceQuota/q", "pods: needs 2"),
        ["quota on limits"] = ("StandbyCapacity", g => { g.Standby.Workloads[1] = WithLimit(Workload("validator", 0, kind: WorkloadKind.StatefulSet), 2); g.Standby.Quotas = [Quota("limits.cpu", 3)]; }, CheckStatus.Fail, "ResourceQuota/q", "limits.cpu: needs 4"),
        ["a container without a limit where a quota counts them"] = ("StandbyCapacity", g => g.Standby.Quotas = [Quota("limits.cpu", 100)], CheckStatus.Fail, "StatefulSet/validator", "its pods are refused"),
        ["a container without a request where a quota counts them"] = ("StandbyCapacity", g => { g.Standby.Workloads[1] = Workload("validator", 0, cpu: 0, kind: WorkloadKind.StatefulSet); g.Standby.Quotas = [Quota("requests.cpu", 100)]; }, CheckStatus.Fail, "StatefulSet/validator", "its pods are refused"),
        ["another's pods hold no place for it"] = ("StandbyCapacity", g => { g.Standby.Pods = [Pod("dapp", 0) with { Owner = "Deployment/dapp-admin" }, Pod("dapp", 1)]; g.Standby.PodRequests = [new("node-1", new(3.5m, 0)), new("node-2", new(3.5m, 0))]; }, CheckStatus.Fail, "capacity", "needs 1.5 CPU, 1.5 GiB"),
        ["default requests that exceed the sum"] = ("StandbyCapacity", g => { g.Standby.Workloads[1] = Workload("validator", 0, cpu: 0, kind: WorkloadKind.StatefulSet); g.Standby.LimitRanges = [Limits(defaultCpu: 5)]; }, CheckStatus.Fail, "capacity", "needs 10 CPU, 1 GiB"),
        ["a pod smaller than the limit range"] = ("StandbyCapacity", g => g.Standby.LimitRanges = [Limits(minCpu: 1)], CheckStatus.Fail, "StatefulSet/validator", "its pods are refused"),
        ["a container without a limit where there must be one"] = ("StandbyCapacity", g => g.Standby.LimitRanges = [Limits(maxCpu: 1)], CheckStatus.Fail, "StatefulSet/validator", "its pods are refused"),
        ["a pod larger than the limit range"] = ("StandbyCapacity", g => { g.Standby.Workloads[1] = WithLimit(Workload("validator", 0, kind: WorkloadKind.StatefulSet), 2); g.Standby.LimitRanges = [Limits(maxCpu: 1) with { IsForPods = true }]; }, CheckStatus.Fail, "StatefulSet/validator", "its pods are refused"),
        ["pods per node"] = ("StandbyCapacity", g => g.Standby.Nodes = [Node("n", 8, "x") with { AllocatablePods = 1 }], CheckStatus.Fail, "capacity", "2 pods to start"),

        ["split brain"] = ("Database", g => g.StandbyServers[0] = Server("central", "pg-2", Database("pg-2")), CheckStatus.Fail, "primaries", "2 writable"),
        ["no primary"] = ("Database", g => g.ActiveServers[0] = Server("west", "pg-1", Database("pg-1") with { IsInRecovery = true }), CheckStatus.Fail, "primary", "none"),
        ["another system"] = ("Database", g => g.StandbyServers[0] = Server("central", "pg-2", Database("pg-2") with { IsInRecovery = true, SystemIdentifier = "8" }), CheckStatus.Fail, "pg-2", "system 8"),
        ["another minor version"] = ("Database", g => g.StandbyServers[0] = Server("central", "pg-2", Database("pg-2") with { IsInRecovery = true, VersionNumber = 150017 }), CheckStatus.Warn, "pg-2", "PostgreSQL 15.17"),
        ["standby silent"] = ("Database", g => g.StandbyServers[0] = new("pg-2", "central", null, Unreachable()), CheckStatus.Unknown, "pg-2", "no answer"),
        ["link broken"] = ("ReplicationLag", g => g.Lags[0] = Lag() with { Status = CheckStatus.Fail, Link = ReplicationLink.Broken, LagTime = null, LagBytes = null }, CheckStatus.Fail, "pg-2", "Broken, lag unknown"),
        ["replay paused"] = ("ReplicationLag", g => { g.Lags[0] = Lag() with { Status = CheckStatus.Fail, LagTime = TimeSpan.FromSeconds(90), LagBytes = 2048 }; g.StandbyServers[0] = Server("central", "pg-2", Database("pg-2") with { IsReplayPaused = true }); }, CheckStatus.Fail, "pg-2", "Streaming, paused, 90 s, 2 KiB"),
        ["a slot, and not the standby's"] = ("ReplicationSlots", g => Slot(g, s => s with { Name = "backup" }), CheckStatus.Warn, "pg-2", "uses no slot"),
        ["a slot of an unknown state"] = ("ReplicationSlots", g => Slot(g, s => s with { WalStatus = "odd" }), CheckStatus.Unknown, "slot standby", "odd"),
        ["an unused slot of an unknown state"] = ("ReplicationSlots", g => Slot(g, s => s with { WalStatus = "odd", IsActive = false }), CheckStatus.Unknown, "slot standby", "odd"),
        ["slot lost"] = ("ReplicationSlots", g => Slot(g, s => s with { WalStatus = "lost" }), CheckStatus.Fail, "slot standby", "lost"),
        ["slot unreserved"] = ("ReplicationSlots", g => Slot(g, s => s with { WalStatus = "unreserved" }), CheckStatus.Fail, "slot standby", "unreserved"),
        ["slot inactive"] = ("ReplicationSlots", g => Slot(g, s => s with { IsActive = false }), CheckStatus.Warn, "slot standby", "inactive"),

        ["validator of the set answers"] = ("Validators", g => g.Nodes["validator-1"] = () => Signer("0xa", ["0xa", "0xb"]), CheckStatus.Fail, "validator-1", "runs, in the set"),
        ["validator proposes"] = ("Validators", g => g.Nodes["validator-1"] = () => Signer("0xa", ["0xa"], ("0xa", 25)), CheckStatus.Fail, "validator-1", "proposed 25 of 100 blocks"),
        ["validator with the active's key"] = ("Validators", g => g.Nodes["validator-1"] = () => Signer("0xa", []), CheckStatus.Fail, "validator-1", "same key as validator-1"),
        ["validator whose key is compared with none"] = ("Validators", g => { g.Nodes["validator-1"] = () => Signer("0xa", ["0xb"]); g.Topology = g.Topology with { Active = g.Topology.Active with { Validators = [new("validator-1", null)] } }; }, CheckStatus.Unknown, "validator-1", "runs, key not compared"),
        ["validators run, none declared"] = ("Validators", g => { g.Topology = g.Topology with { Standby = g.Topology.Standby with { Validators = [] } }; g.Standby.Pods.Add(Pod("validator", 0) with { Owner = null }); }, CheckStatus.Unknown, "validators", "run, not declared"),
        ["validator can't be asked"] = ("Validators", g => g.Topology = g.Topology with { Workloads = [] }, CheckStatus.Unknown, "validator-1", "can't be asked"),
        ["validator pods, no answer"] = ("Validators", g => g.Standby.Pods.Add(Pod("validator", 0) with { IsDeleting = true }), CheckStatus.Unknown, "validator-1", "pods, no answer"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_fault_is_named(string name)
    {
        var (check, spoil, status, target, observed) = Cases[name];
        var given = new Given();
        spoil(given);

        var results = await given.Run(check);

        var result = Assert.Single(results, result => result.Target == target && result.Status == status);
        Assert.Equal(observed, result.Observed);
        Assert.NotEmpty(result.Detail + result.Remediation);
        Assert.NotEmpty(result.Remediation);
        Assert.DoesNotContain(results, other => other.Status == CheckStatus.Pass && other.Target == target && other.Site == result.Site);
    }

    [Fact]
    public async Task A_reader_is_not_asked_for_what_a_failover_needs_and_told_so()
    {
        var given = new Given { Account = DalpAccount.Reader };
        given.Active.IsAllowed = given.Standby.IsAllowed = request => request.Verb is "get" or "list";

        var results = await given.Run("Permissions");

        Assert.All(results, result => Assert.Equal(CheckStatus.Pass, result.Status));
        Assert.Equal(["central", "west"], results.Where(result => result is { Target: "failover access", Observed: "not asked (Reader)" }).Select(result => result.Site).Order());
    }

    [Fact]
    public async Task A_promoted_standby_is_not_told_to_mend_its_link()
    {
        var given = new Given();
        given.Lags[0] = Lag() with { Status = CheckStatus.Fail, Link = ReplicationLink.Broken, LagTime = null, LagBytes = null };
        given.StandbyServers[0] = Server("central", "pg-2", Database("pg-2"));

        var result = Assert.Single(await given.Run("ReplicationLag"), result => result.Target == "pg-2");

        Assert.Contains("no standby any more", result.Remediation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Workloads_with_a_common_prefix_and_common_labels_are_not_mixed()
    {
        var given = new Given();
        var admin = Workload("dapp-admin", 1) with { PodLabels = Workload("dapp", 1).PodLabels };
        given.Active.Workloads.Add(admin);
        given.Standby.Workloads.Add(admin);
        given.Active.Pods.Add(Pod("dapp", 9, Sha2) with { Name = "dapp-admin-x-1", Owner = "Deployment/dapp-admin" });
        given.Standby.Pods.Add(Pod("dapp", 9, Sha2) with { Name = "dapp-admin-y-2", Owner = "Deployment/dapp-admin" });

        Assert.Equal("2 equal by digest, 1 by tag", Assert.Single(await given.Run("ImageParity")).Observed);
    }

    [Fact]
    public async Task CronJobs_that_are_as_the_topology_says_pass_and_are_counted()
    {
        var given = new Given();
        given.Topology = given.Topology with { Workloads = [.. given.Topology.Workloads, Rule("report", StandbyMode.Absent, WorkloadRole.Service), Rule("sweeper", StandbyMode.Zero, WorkloadRole.Signer)] };
        given.Active.CronJobs = [CronJob("clean", "dapp"), CronJob("sweep", "sweeper"), CronJob("weekly", "report")];
        // A Job whose name merely begins alike is none of its own, and an ended one runs no more.
        given.Standby.Pods.Add(Pod("other", 0) with { Owner = "Job/sweep-by-hand" });
        given.Standby.Pods.Add(Pod("other", 1) with { Owner = "Job/sweep-29312345", Phase = "Succeeded" });
        given.Standby.CronJobs = [CronJob("clean", "dapp"), CronJob("sweep", "sweeper") with { IsSuspended = true }];

        var result = Assert.Single(await given.Run("StandbyWorkloads"));
        Assert.Equal((CheckStatus.Pass, "1 ready, 1 staged at zero", "So are 2 CronJobs."), (result.Status, result.Observed, result.Detail));
        result = Assert.Single(await given.Run("ImageParity"));
        Assert.Equal((CheckStatus.Pass, "1 equal by digest, 3 by tag"), (result.Status, result.Observed));
        Assert.StartsWith("3 containers of CronJobs, or of workloads staged at zero, run nowhere on the standby", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_that_chooses_neither_a_workload_nor_a_CronJob_is_missing_once()
    {
        var given = new Given();
        given.Topology = given.Topology with { Workloads = [.. given.Topology.Workloads, Rule("sweeper", StandbyMode.Zero, WorkloadRole.Signer)] };
        given.Active.CronJobs = [CronJob("sweep", "sweeper")];

        var results = await given.Run("StandbyWorkloads");
        Assert.Contains(results, result => result is { Target: "sweeper", Status: CheckStatus.Fail, Observed: "missing" });
        Assert.DoesNotContain(results, result => result.Target == "CronJob/sweep");
    }

    [Fact]
    public async Task Who_may_not_list_CronJobs_is_told_of_the_workloads()
    {
        var given = new Given();
        given.Standby.Workloads[1] = Workload("validator", 1, kind: WorkloadKind.StatefulSet);
        given.Standby.Failures["cronjobs"] = new("ApiForbidden", FaultKind.Forbidden, "May not list cronjobs.", "Grant it.", "cronjobs");

        var results = await given.Run("StandbyWorkloads");
        Assert.Contains(results, result => result is { Target: "StatefulSet/validator", Status: CheckStatus.Fail });
        Assert.Contains(results, result => result is { Status: CheckStatus.Unknown, Site: "central" });
    }

    [Fact]
    public async Task An_absent_rule_needs_no_counterpart()
    {
        var given = new Given();
        given.Topology = given.Topology with { Workloads = [Rule("dapp", StandbyMode.Absent, WorkloadRole.Service), given.Topology.Workloads[1]] };
        given.Standby.Workloads.RemoveAt(0);
        given.Standby.Pods.Clear();

        Assert.All(await given.Run("StandbyWorkloads", "ImageParity", "StandbyCapacity"), result => Assert.Equal(CheckStatus.Pass, result.Status));
    }

    [Fact]
    public async Task What_the_topology_lets_differ_passes_and_is_named()
    {
        var given = new Given();
        given.Standby.Workloads[0] = Workload("dapp", 2, image: "registry.central.example/dalp/app:1.4.2");
        given.Standby.ConfigMaps[0] = Map("dalp", "other");
        given.Standby.Secrets[0] = Secret("dalp-db", ("password", "d1"), ("username", "other"));
        given.Topology = given.Topology with
        {
            Registries = [new("ghcr.io", "registry.central.example")],
            SiteSpecificSecrets = [new("dalp-db", "username")],
        };
        Specific(given, "dalp-site", "dalp/config.yaml");

        var results = await given.Run("ImageParity", "HelmParity", "ConfigMapParity", "RequiredSecrets");

        Assert.Equal(4, results.Count);
        Assert.All(results, result => Assert.Equal(CheckStatus.Pass, result.Status));
        var details = results.ToDictionary(result => result.Check, result => result.Detail);
        Assert.Contains("registry registry.central.example for ghcr.io", details["ImageParity"]);
        Assert.Contains("global.region", details["HelmParity"]);
        Assert.Contains("dalp-site, dalp/config.yaml", details["ConfigMapParity"]);
        Assert.Contains("dalp-db/username", details["RequiredSecrets"]);
    }

    [Fact]
    public async Task A_limit_range_that_the_pods_keep_to_refuses_nothing()
    {
        var given = new Given();
        given.Standby.Workloads[1] = WithLimit(Workload("validator", 0, kind: WorkloadKind.StatefulSet), 1);
        given.Standby.LimitRanges = [Limits(minCpu: 0.5m, maxCpu: 1), Limits(maxCpu: 1) with { IsForPods = true }];

        Assert.Equal(CheckStatus.Pass, Assert.Single(await given.Run("StandbyCapacity")).Status);
    }

    [Fact]
    public async Task Quotas_that_are_large_enough_refuse_nothing_and_a_default_counts_as_stated()
    {
        var given = new Given();
        given.Standby.LimitRanges = [Limits() with { DefaultLimit = new(2, 1 << 30) }];
        given.Standby.Quotas = [Quota("limits.cpu", 4), Quota("limits.memory", 2L << 30), Quota("requests.cpu", 1), Quota("pods", 2)];

        Assert.Equal(CheckStatus.Pass, Assert.Single(await given.Run("StandbyCapacity")).Status);
    }

    [Fact]
    public async Task A_missing_secret_of_the_standby_is_told_even_when_the_active_is_dead()
    {
        var given = new Given();
        given.Active.Down = Unreachable();
        given.Standby.Secrets.Clear();

        var results = await given.Run("RequiredSecrets");

        Assert.Contains(results, result => result is { Status: CheckStatus.Fail, Target: "Secret/dalp-db" });
        Assert.Contains(results, result => result is { Status: CheckStatus.Unknown, Site: "west" });
    }

    [Fact]
    public async Task An_ingress_for_any_host_is_held_to_the_names_of_its_certificates()
    {
        var given = new Given();
        AnyHost(given);
        Tls(given, new RouteCertificate(["dapp.example.com", "api.example.com"], "dalp-tls"));
        var result = Assert.Single(await given.Run("Certificates"), result => result.Site == "central");
        Assert.Equal((CheckStatus.Pass, "1 valid, 2 hosts covered"), (result.Status, result.Observed));
    }

    [Theory]
    [InlineData("*.example.com", "dapp.example.com", true)]
    [InlineData("*.example.com", "a.dapp.example.com", false)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("DAPP.example.com", "dapp.Example.com", true)]
    [InlineData("*", "dapp", false)]
    public void A_wildcard_stands_for_one_label(string name, string host, bool expected) =>
        Assert.Equal(expected, HostPattern.StandsFor(name, host));

    // The limit is 30 days; the clocks of the issuer and of who looks may be five minutes apart.
    [Theory]
    [InlineData(-86_400, 30 * 86_400 + 1, CheckStatus.Pass)]
    [InlineData(-86_400, 30 * 86_400, CheckStatus.Warn)]
    [InlineData(-86_400, 1, CheckStatus.Warn)]
    [InlineData(-86_400, 0, CheckStatus.Fail)]
    [InlineData(-86_400, -1, CheckStatus.Fail)]
    [InlineData(0, 90 * 86_400, CheckStatus.Pass)]
    [InlineData(1, 90 * 86_400, CheckStatus.Warn)]
    [InlineData(300, 90 * 86_400, CheckStatus.Warn)]
    [InlineData(301, 90 * 86_400, CheckStatus.Fail)]
    public async Task A_certificate_is_judged_to_the_second(int begins, int ends, CheckStatus expected)
    {
        var given = new Given();
        given.Standby.Certificates = [Certificate(1, "*.example.com") with { NotBefore = Now.AddSeconds(begins), NotAfter = Now.AddSeconds(ends) }];
        Assert.Equal(expected, Assert.Single(await given.Run("Certificates"), result => result.Site == "central").Status);
        // The same a moment later, by the run's own clock.
        given.Time.Advance(TimeSpan.FromSeconds(1));
        var later = Assert.Single(await given.Run("Certificates"), result => result.Site == "central").Status;
        Assert.Equal((begins, ends) switch { (1, _) => CheckStatus.Pass, (301, _) => CheckStatus.Warn, (_, 1) => CheckStatus.Fail, (_, 30 * 86_400 + 1) => CheckStatus.Warn, _ => expected }, later);
    }

    private static Pod WithContainer(Pod pod, Func<ContainerState, ContainerState> change) => pod with { Containers = [change(pod.Containers[0])] };

    private static void Both(Given given, CronJob cronJob, bool isSuspended) => (given.Active.CronJobs, given.Standby.CronJobs) = ([cronJob], [cronJob with { IsSuspended = isSuspended }]);

    private static LimitRange Limits(decimal defaultCpu = 0, decimal minCpu = 0, decimal maxCpu = 0) =>
        new("small", false, new(defaultCpu, 0), default, new(minCpu, 0), new(maxCpu, 0));

    private static ResourceQuota Quota(string resource, decimal hard) => new("q", new Dictionary<string, decimal> { [resource] = hard }, new Dictionary<string, decimal>());

    private static Workload WithLimit(Workload workload, decimal cpu) =>
        workload with { Containers = [.. workload.Containers.Select(container => container with { Limits = new(cpu, 0) })] };

    private static void Tls(Given given, params RouteCertificate[] certificates) => given.Standby.Routes[0] = given.Standby.Routes[0] with { Certificates = certificates };

    private static void AnyHost(Given given) => given.Standby.Routes[0] = given.Standby.Routes[0] with { Hosts = ["*"] };

    private static void Specific(Given given, params string[] maps) =>
        given.Topology = given.Topology with { SiteSpecificConfigMaps = [.. maps.Select(SiteSpecificEntry.Parse)] };

    private static void Slot(Given given, Func<ReplicationSlot, ReplicationSlot> change) =>
        given.ActiveServers[0] = Server("west", "pg-1", Database("pg-1") with { Slots = [change(Database("pg-1").Slots[0])] });

    private static ValidatorSample Signer(string address, string[] set, params (string Address, long Blocks)[] proposed) =>
        new(address, 1000, false, 3, set, proposed.ToDictionary(pair => pair.Address, pair => pair.Blocks));
}
