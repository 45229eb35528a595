using System.Globalization;

namespace DalpHa.Lab.RealApi;

/// <summary>The command lines of a control plane's three programs, for versions from 1.20 on.</summary>
/// <param name="Binaries">The programs.</param>
/// <param name="Version">kube-apiserver's version.</param>
/// <param name="Keys">The keys.</param>
/// <param name="Folder">The folder for data.</param>
/// <param name="Ports">The ports.</param>
internal sealed record ControlPlaneCommands(RealApiBinaries Binaries, Version Version, ClusterKeys Keys, string Folder, ControlPlanePorts Ports)
{
    private static readonly Version WithoutInsecurePorts = new(1, 24);

    private string EtcdUrl => Url(Ports.Etcd);

    private string PeerUrl => Url(Ports.EtcdPeer);

    public Uri ApiUrl => new(Url(Ports.Api));

    /// <summary>etcd, which nobody but this control plane's servers can read.</summary>
    public IEnumerable<string> Etcd =>
    [
        Binaries.Etcd, "--name=lab", $"--data-dir={Path.Combine(Folder, "etcd")}", "--logger=zap", "--log-level=warn",
        $"--listen-client-urls={EtcdUrl}", $"--advertise-client-urls={EtcdUrl}",
        $"--listen-peer-urls={PeerUrl}", $"--initial-advertise-peer-urls={PeerUrl}", $"--initial-cluster=lab={PeerUrl}",
        "--client-cert-auth=true", $"--trusted-ca-file={Keys.Authority}", $"--cert-file={Keys.Certificate}", $"--key-file={Keys.Key}",
        "--peer-client-cert-auth=true", $"--peer-trusted-ca-file={Keys.Authority}", $"--peer-cert-file={Keys.Certificate}", $"--peer-key-file={Keys.Key}",
    ];

    /// <summary>kube-apiserver: users by token, rights by RBAC, everything by TLS.</summary>
    public IEnumerable<string> ApiServer =>
    [
        Binaries.ApiServer,
        $"--etcd-servers={EtcdUrl}", $"--etcd-cafile={Keys.Authority}", $"--etcd-certfile={Keys.Certificate}", $"--etcd-keyfile={Keys.Key}",
        "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", $"--secure-port={Text(Ports.Api)}",
        $"--tls-cert-file={Keys.Certificate}", $"--tls-private-key-file={Keys.Key}", $"--cert-dir={Folder}",
        // It may not announce a loopback address as the service "kubernetes", and nothing here needs it to.
        "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.0.0.0/24",
        "--authorization-mode=RBAC", $"--token-auth-file={Keys.Tokens}",
        "--service-account-issuer=https://kubernetes.default.svc", $"--service-account-key-file={Keys.AccountPublicKey}", $"--service-account-signing-key-file={Keys.AccountKey}",
        "--kubelet-preferred-address-types=InternalIP",
        $"--kubelet-certificate-authority={Keys.Authority}", $"--kubelet-client-certificate={Keys.Certificate}", $"--kubelet-client-key={Keys.Key}",
    ];

    /// <summary>kube-controller-manager, which serves nothing itself.</summary>
    public IEnumerable<string> ControllerManager =>
    [
        Binaries.ControllerManager, $"--kubeconfig={Keys.ControllerManagerKubeconfig}", "--leader-elect=false", "--use-service-account-credentials=true",
        $"--service-account-private-key-file={Keys.AccountKey}", $"--root-ca-file={Keys.Authority}",
        "--kube-api-qps=200", "--kube-api-burst=400", "--secure-port=0",
        // Which nodes are lost is said by the lab; on a busy machine a heartbeat is easily late.
        "--node-monitor-grace-period=10m",
        .. Version < WithoutInsecurePorts ? (string[])["--port=0"] : [],
    ];

    private static string Url(int port) => $"https://127.0.0.1:{Text(port)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The loopback ports of one control plane.</summary>
internal sealed record ControlPlanePorts(int Api, int Etcd, int EtcdPeer);
