using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DalpHa.Core.Lab;
using DalpHa.Lab.Api;
using DalpHa.Lab.CloudNativePg;
using DalpHa.Lab.Controllers;
using DalpHa.Lab.Postgres;
using DalpHa.Lab.RealApi;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace DalpHa.Lab.Hosting;

/// <summary>One region: a Kubernetes API, the controllers that make its cluster come alive, and a client of the lab's own that may do everything.</summary>
internal sealed class Region : IAsyncDisposable
{
    private const string OwnUser = "system:dalpha-lab";
    private static readonly TimeSpan RequestBound = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pulse = TimeSpan.FromMilliseconds(250);
    private readonly RegionTokens tokens;
    private readonly CancellationTokenSource stopping = new();
    private Task pulsing = Task.CompletedTask;
    private ControllerLoop? controllers;

    private Region(LabSite site, SiteDatabase database, IRegionApi api, StandbyLink door, Kubernetes admin, RegionTokens tokens)
    {
        Site = site;
        Database = database;
        Door = door;
        Pods = new PodReadiness(
            () => database.TakesWrites ? DatabaseService.Writes : database.Role == LabDatabaseRole.Down ? DatabaseService.None : DatabaseService.Reads,
            pod => Operator is not null && pod == site.DatabasePod ? database.Role != LabDatabaseRole.Down : null);
        Api = api;
        Admin = admin;
        this.tokens = tokens;
    }

    public LabSite Site { get; }

    public SiteDatabase Database { get; }

    public IRegionApi Api { get; }

    /// <summary>Where the world outside the site reaches the API. The site's own controllers, and the lab, do not go through it.</summary>
    public StandbyLink Door { get; }

    /// <summary>The address at the door.</summary>
    public Uri Address => new UriBuilder(Api.Address) { Port = Door.Port }.Uri;

    /// <summary>Who looks after its database; null when nobody does.</summary>
    public CloudNativePgOperator? Operator { get; private set; }

    /// <summary>When its pods are ready.</summary>
    public PodReadiness Pods { get; }

    /// <summary>The pods that write to its database.</summary>
    public RunningWriters Writers { get; } = new();

    public IKubernetes Admin { get; }

    public KubeconfigText.Entry Kubeconfig => new(Site.Context, Address, Api.CertificateAuthorityPem, tokens.Operator, tokens.Reader, tokens.Admin);

    /// <summary>Starts one.</summary>
    /// <param name="site">The site.</param>
    /// <param name="database">Its database.</param>
    /// <param name="kind">What stands behind its API.</param>
    /// <param name="folder">The lab's folder, for what a real API keeps.</param>
    /// <param name="port">The loopback port at which the API is reached; 0 for a free one.</param>
    /// <param name="time">The clock.</param>
    /// <param name="audit">Is told who asks what of the lab's own endpoint; what the lab itself asks is left out.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<Region> StartAsync(LabSite site, SiteDatabase database, LabApiServer kind, string folder, int port, TimeProvider time, ILogger audit, CancellationToken cancellationToken)
    {
        var tokens = new RegionTokens(NewToken(), NewToken(), NewToken(), NewToken());
        var users = new Dictionary<string, ApiUser>
        {
            [tokens.Operator] = new($"{site.Context}-operator", [AccessManifests.OperatorGroup]),
            [tokens.Reader] = new($"{site.Context}-reader", [AccessManifests.ReaderGroup]),
            [tokens.Admin] = new($"{site.Context}-admin", ["system:masters"]),
            [tokens.Own] = new(OwnUser, ["system:masters"]),
        };
        var programs = new InstancePrograms(site.DatabasePod, database.Server);
        IRegionApi api = kind == LabApiServer.Real
            ? new RealRegionApi(await RealApiServer.StartAsync(
                new RealApiServerOptions { Name = site.Context, Folder = Path.Combine(folder, site.Context), Time = time, Users = users }, cancellationToken))
            : new LabRegionApi(await ApiServer.StartAsync(new ApiServerOptions { Name = site.Context, Time = time, Users = users, Hooks = [ClusterAdmission.Hook], Programs = programs, Audit = Tell }, cancellationToken));
        var admin = ClientOf(api, tokens.Own);
        return new Region(site with { KubeletPort = await api.StartKubeletAsync(admin, programs, cancellationToken) }, database, api, new StandbyLink(port, api.Address.Port), admin, tokens);

        void Tell(AuditEntry entry)
        {
            if (entry.User != OwnUser)
            {
                audit.LogInformation("{User} {Verb} {Request}", entry.User, entry.Verb, entry.Request);
            }
        }
    }

    /// <summary>Puts the platform in, and starts what brings it up.</summary>
    /// <param name="secrets">What both sites hold in common.</param>
    /// <param name="other">The other site.</param>
    /// <param name="pair">The database pair.</param>
    /// <param name="kind">Who looks after the databases.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task SeedAsync(PlatformSecrets secrets, LabSite other, PostgresPair pair, LabDatabaseKind kind, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        controllers = Api.StartControllers(Admin, Pods, Writers, time, log);
        Database.Changed = controllers.Ring;
        pulsing = PulseAsync(controllers);
        await Seeder.SeedAsync(Admin, Site, secrets, isDatabaseManaged: kind != LabDatabaseKind.SelfRun, cancellationToken);
        if (kind != LabDatabaseKind.SelfRun)
        {
            await ClusterObjects.PutAsync(Admin, Site, other, kind, cancellationToken);
            await Api.ServeWebhookAsync(Admin, cancellationToken);
            Operator = new CloudNativePgOperator(Site, Admin, pair, Database.Server, time, log);
        }
    }

    /// <summary>Waits until the site has settled: every node is ready, every workload has all its replicas ready, and no pod is on its way out.</summary>
    public Task WaitUntilSettledAsync(CancellationToken cancellationToken) => Eventually.HoldsAsync(
        $"the workloads of {Site.Context} are ready",
        async token =>
        {
            var seen = await ClusterSnapshot.ReadAsync(Admin, token);
            return seen.Nodes.All(node => node.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true && Nodes.TakesPods(node))
                && seen.Deployments.All(one => one.Status?.ObservedGeneration == one.Metadata.Generation && (one.Status?.ReadyReplicas ?? 0) == one.Spec.Replicas && (one.Status?.UpdatedReplicas ?? 0) == one.Spec.Replicas)
                && seen.StatefulSets.All(one => one.Status?.ObservedGeneration == one.Metadata.Generation && (one.Status?.ReadyReplicas ?? 0) == one.Spec.Replicas)
                && (Operator is null || seen.Pods.Any(pod => pod.Metadata.Name == Site.DatabasePod))
                && seen.Pods.All(pod => pod.Metadata.DeletionTimestamp is null && pod.IsReady());
        },
        cancellationToken);

    /// <summary>Lets its controllers look at once.</summary>
    public void Ring() => controllers?.Ring();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await pulsing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Door.DisposeAsync();
        if (Operator is not null)
        {
            await Operator.DisposeAsync();
        }
        Database.Changed = () => { };
        if (controllers is not null)
        {
            await controllers.DisposeAsync();
        }
        Admin.Dispose();
        await Api.DisposeAsync();
        stopping.Dispose();
    }

    // No event tells that a pod's time has come.
    private async Task PulseAsync(ControllerLoop loop)
    {
        while (true)
        {
            await Task.Delay(Pulse, stopping.Token);
            if (Pods.IsWaitingForTime)
            {
                loop.Ring();
            }
        }
    }

    private static Kubernetes ClientOf(IRegionApi api, string token) => new(new KubernetesClientConfiguration
    {
        Host = api.Address.AbsoluteUri,
        SslCaCerts = [X509Certificate2.CreateFromPem(api.CertificateAuthorityPem)],
        AccessToken = token,
        HttpClientTimeout = RequestBound,
        FirstMessageHandlerSetup = handler => handler.UseProxy = false,
    });

    private sealed record RegionTokens(string Operator, string Reader, string Admin, string Own)
    {
        /// <summary>Keeps them out of whatever prints this.</summary>
        public override string ToString() => nameof(RegionTokens);
    }

    private static string NewToken() => RandomNumberGenerator.GetHexString(48, lowercase: true);
}
