using System.Globalization;
using DalpHa.Core.Topology;

namespace DalpHa.Lab.Seed;

/// <summary>The lab's <c>dalpha.yaml</c>: every part of a topology that the lab can back, ready to use and to learn from.</summary>
internal static class TopologyText
{
    public static string Of(string name, LabSite active, LabSite standby) => $"""
        # The topology of a DalpHa lab: two regions on this machine, no production.
        apiVersion: dalpha/v1
        name: {name}
        sites:
          active:
            name: {active.Region}
            context: {active.Context}
            kubeconfig: ./kubeconfig
            namespace: {LabSite.Namespace}
            database:
              database: dalp
              sslMode: prefer
              credentials: {Login}
              adminCredentials: {Admin}
              servers:
                - {Direct(active)}
            validators: []  # They run, and have no RPC to ask.
            routes:
        {Routes()}
            objectStorage: {Storage(active)}
            backups: {Backups}
          standby:
            name: {standby.Region}
            context: {standby.Context}
            kubeconfig: ./kubeconfig
            namespace: {LabSite.Namespace}
            database:
              database: dalp
              sslMode: prefer
              credentials: {Login}
              adminCredentials: {Admin}
              servers:
                # Through the API server, as one reaches a database that no other network leads to. Directly it is {Host(standby)}.
                - {Tunnelled(standby)}
            validators: []
            routes:
        {Routes()}
            objectStorage: {Storage(standby)}
            backups: {Backups}
        workloads:
          - {Workload("dapp", "dapp", "running", "service")}
          - {Workload("dapi", "dapi", "running", "service")}
          - {Workload("erpc", "erpc", "running", "service")}
          - {Workload("workflow", "workflow", "zero", "writer", 1)}
          - {Workload("indexer", "indexer", "zero", "writer", 1)}
          - {Workload("txsigner", "txsigner", "zero", "signer", 1)}
          - {Workload("validators", "validator", "zero", "validator", 4)}
        secrets:
          required: [{string.Join(", ", PlatformSecrets.Required)}]
        configMaps:
          siteSpecific: [dalp-site]
        thresholds:
          rto: 180m
          rpo: 60m
          lagWarn: 30s
          lagFail: 60s
          restarts: 5
          certificateDays: 30
          ttl: 60s
        owners:
          decision: Lab decision owner
          freeze: Lab database operator
          confirm: Lab database operator
          promote: Lab database operator
          workloads: Lab platform operator
          validators: Lab validator operator
          traffic: Lab network operator
          validate: Lab platform operator
          isolate: Lab platform operator

        """;

    private const string Login = "{ secret: dalpha-login, usernameKey: username, passwordKey: password }";
    private const string Admin = "{ secret: dalpha-admin }";
    private const string Backups = "{ veleroNamespace: velero, schedules: [dalp-daily] }";

    private static string Direct(LabSite site) => $$"""{ name: {{site.DatabasePod}}, host: 127.0.0.1, port: {{Number(site.DatabasePort)}} }""";

    private static string Tunnelled(LabSite site) => $$"""{ name: {{site.DatabasePod}}, forward: { pod: {{site.DatabasePod}}, port: 5432 } }""";

    private static string Host(LabSite site) => $"127.0.0.1:{Number(site.DatabasePort)}";

    private static string Storage(LabSite site) => $$"""{ endpoint: "https://s3.{{site.Region}}.{{LabSite.Domain}}", region: {{site.Region}}, buckets: [dalp-assets] }""";

    private static string Workload(string name, string component, string standby, string role, int? replicas = null) =>
        $$"""{ name: {{name}}, selector: "app.kubernetes.io/component={{component}}", standby: {{standby}}, role: {{role}}{{(replicas is { } count ? $", replicas: {Number(count)}" : "")}} }""";

    private static string Routes() =>
        string.Join('\n', RouteManifests.Hosts.Select(route => $$"""      - { name: {{route.Name}}, url: "https://{{route.Host}}" }"""));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
