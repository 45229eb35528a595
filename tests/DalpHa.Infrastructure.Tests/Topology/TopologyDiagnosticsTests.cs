using DalpHa.Core.Documents;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Configuration;

namespace DalpHa.Infrastructure.Tests.Topology;

/// <summary>Real files, their text with one or more things wrong: what is found, and where.</summary>
public sealed class TopologyDiagnosticsTests : IDisposable
{
    private const string Valid =
        """
        apiVersion: dalpha/v1
        name: production
        sites:
          active:
            context: a
            namespace: dalp
            database: { sslMode: require, servers: [{ name: p, host: db-a.example.com }] }
            validators: []
          standby:
            context: b
            namespace: dalp
            database: { sslMode: require, servers: [{ name: r, forward: { service: postgresql-rw, port: 5432 } }] }
            validators: []
        owners: { decision: A, freeze: A, confirm: A, promote: A, workloads: A, validators: A, traffic: A, validate: A, isolate: A }

        """;

    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-topology-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AValidFileHasNoDiagnostics()
    {
        var reading = Read(Valid);
        Assert.Empty(reading.Diagnostics);
        var forward = reading.Require().Standby.Database!.Servers[0].Forward!;
        Assert.Equal(("dalp", "postgresql-rw", 5432), (forward.Namespace, forward.Service, forward.Port));
    }

    [Theory]
    [InlineData("context: a\n", "contxt: a\n", 5, 5, "UnknownKey", "Did you mean 'context'?")]
    [InlineData("context: a\n", "contxt: a\n", 4, 3, "MissingKey", "'context' is missing")]
    [InlineData("name: production", "name: 12", 2, 7, "WrongType", "A number")]
    [InlineData("name: production", "name:", 2, 6, "EmptyValue", "'name' has no value")]
    [InlineData("name: production", "name: [a]", 2, 7, "WrongType", "A list")]
    [InlineData("apiVersion: dalpha/v1", "apiVersion: dalpha/v2", 1, 13, "InvalidValue", "dalpha/v2")]
    [InlineData("namespace: dalp\n    database: { sslMode: require, servers: [{ name: p", "namespace: Dalp\n    database: { sslMode: require, servers: [{ name: p", 6, 16, "InvalidValue", "'Dalp'")]
    [InlineData("context: b", "context: a", 10, 14, "SameSite", "same namespace")]
    [InlineData("sslMode: require, servers: [{ name: p", "sslMode: strict, servers: [{ name: p", 7, 26, "InvalidValue", "'strict'")]
    [InlineData("sslMode: require, servers: [{ name: p", "servers: [{ name: p", 7, 5, "WeakSslMode", "unencrypted")]
    [InlineData("host: db-a.example.com", "host: db-a.example.com, port: 70000", 7, 86, "InvalidValue", "'70000'")]
    [InlineData("host: db-a.example.com", "host: db-a.example.com, forward: { pod: p, port: 1 }", 7, 45, "OneOf", "together")]
    [InlineData("name: p, host: db-a.example.com", "name: p", 7, 45, "OneOf", "Neither")]
    [InlineData("service: postgresql-rw, port", "service: postgresql-rw, pod: x, port", 12, 56, "OneOf", "together")]
    [InlineData("{ name: p, host: db-a.example.com }", "{ name: p, host: x }, { name: p, host: y }", 7, 67, "Duplicate", "'p'")]
    [InlineData("forward: { service: postgresql-rw, port: 5432 }", "host: db-a.example.com", 12, 45, "SameServer", "same database server")]
    [InlineData("validators: []\n  standby", "validators: [{ name: v, rpc: 'ftp://x' }]\n  standby", 8, 34, "InvalidValue", "ftp://x")]
    [InlineData("validators: []\n  standby", "validators: [{ name: v, rpc: 'http://u:hunter2@x' }]\n  standby", 8, 34, "CredentialInFile", "login")]
    [InlineData("validators: []\n  standby", "routes: [{ name: dapp, url: 'https://a.example' }]\n  standby", 9, 3, "RouteNotOnStandby", "a.example")]
    [InlineData("sslMode: require, servers: [{ name: p", "password: hunter2, servers: [{ name: p", 7, 17, "CredentialInFile", "'password'")]
    [InlineData("owners: {", "owners: { boss: B,", 14, 11, "UnknownKey", "'boss'")]
    [InlineData("decision: A", "decision: ''", 14, 21, "InvalidValue", "not valid")]
    [InlineData("decision: A, ", "", 14, 1, "MissingOwners", "decision")]
    [InlineData("name: production", "name: production\nname: again", 3, 1, "DuplicateKey", "first in line 2")]
    [InlineData("name: production", "name: production\nthresholds: { lagWarn: 90s }", 3, 24, "LagOrder", "lagWarn")]
    [InlineData("name: production", "name: production\nthresholds: { rpo: 30s }", 3, 20, "RecoveryPoint", "rpo")]
    [InlineData("name: production", "name: production\nthresholds: { rto: 3 hours }", 3, 20, "InvalidValue", "'3 hours'")]
    [InlineData("name: production", "name: production\nthresholds: { rto: 60 }", 3, 20, "WrongType", "A number")]
    [InlineData("name: production", "name: production\nthresholds: { restarts: '5' }", 3, 25, "WrongType", "Text")]
    [InlineData("name: production", "name: production\nsecrets: { required: [dalp_db] }", 3, 23, "InvalidValue", "'dalp_db'")]
    [InlineData("name: production", "name: production\nsecret: { required: [] }", 3, 1, "UnknownKey", "Did you mean 'secrets'?")]
    [InlineData("name: production", "name: production\nworkloads: [{ name: v, selector: app=v, role: validator }]", 3, 13, "FenceBeforeSign", "both would sign")]
    [InlineData("name: production", "name: production\nworkloads: [{ name: v, selector: app=v, role: signer, standby: running }]", 3, 64, "FenceBeforeSign", "both would sign")]
    [InlineData("name: production", "name: production\nworkloads: [{ name: v, selector: 'a b' }]", 3, 34, "InvalidValue", "no requirement")]
    [InlineData("name: production", "name: production\nworkloads: [{ name: v, selector: a }, { name: v, selector: b }]", 3, 39, "Duplicate", "'v'")]
    [InlineData("name: production", "name: production\nconfigMaps: { siteSpecific: [dalp-site, dalp-config/] }", 3, 41, "InvalidValue", "'dalp-config/'")]
    [InlineData("name: production", "name: production\nconfigMaps: { siteSpecific: [a/B, a/B] }", 3, 35, "Duplicate", "'a/B'")]
    [InlineData("name: production", "name: production\nsecrets: { required: [a], siteSpecific: [a/k, b/k] }", 3, 47, "NotRequired", "'b'")]
    [InlineData("name: production", "name: production\nhelm: { siteSpecific: [global..region] }", 3, 24, "InvalidValue", "'global..region'")]
    [InlineData("name: production", "name: production\nhelm: { siteSpecifc: [] }", 3, 9, "UnknownKey", "Did you mean 'siteSpecific'?")]
    [InlineData("name: production", "name: production\nimages: { registries: [{ active: r.example, standby: r.example }] }", 3, 54, "SameRegistry", "Both sites")]
    [InlineData("name: production", "name: production\nimages: { registries: [{ active: https://r.example, standby: s.example }] }", 3, 34, "InvalidValue", "https://r.example")]
    [InlineData("name: production", "name: production\nimages: { registries: [{ active: r.example }] }", 3, 24, "MissingKey", "'standby' is missing")]
    [InlineData("    context: b\n", "    name: active\n    context: b\n", 10, 11, "SameName", "'active'")]
    public void OneThingIsWrong(string text, string instead, int line, int column, string errorId, string message)
    {
        Assert.Contains(text, Valid, StringComparison.Ordinal);
        var diagnostics = Read(Valid.Replace(text, instead, StringComparison.Ordinal)).Diagnostics;
        var found = Assert.Single(diagnostics, d => d.ErrorId == errorId);
        Assert.Equal((line, column), (found.Line, found.Column));
        Assert.Contains(message, found.Message, StringComparison.Ordinal);
        Assert.All(diagnostics, d => Assert.DoesNotContain("hunter2", d.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void AllErrorsAreToldAtOnceInTheOrderOfTheFile()
    {
        var text = Valid.Replace("name: production", "nam: x", StringComparison.Ordinal).Replace("context: b", "context: a", StringComparison.Ordinal) + "thresholds: { rto: soon, rpo: 1s }\n";
        var errors = Read(text).Diagnostics.Where(d => d.Status == CheckStatus.Fail).ToList();
        Assert.Equal(["MissingKey", "UnknownKey", "SameSite", "InvalidValue", "RecoveryPoint"], errors.Select(d => d.ErrorId));
        var failure = Assert.Throws<Core.Errors.DalpException>(() => Read(text).Require());
        Assert.Equal("TopologyInvalid", failure.ErrorId);
        Assert.All(errors, error => Assert.Contains(error.ToString(), failure.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void PathsStartFromTheFile()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var topology = Read(Valid.Replace("context: a", "context: a\n    kubeconfig: ./kube/config", StringComparison.Ordinal)
            .Replace("context: b", "context: b\n    kubeconfig: ~/.kube/b", StringComparison.Ordinal)).Require();
        Assert.Equal(Path.Combine(folder, "kube", "config"), topology.Active.Cluster.KubeconfigPath);
        Assert.Equal(Path.Combine(home, ".kube", "b"), topology.Standby.Cluster.KubeconfigPath);
    }

    [Theory]
    [InlineData("production", "dalp-a", "dalp-b", "dalp")]
    [InlineData("true", "arn:aws:eks:eu-west-1:1:cluster/x", "admin@b", "ns-1")]
    [InlineData("a # \"quoted\" name", "1.5", "null", "0")]
    public void EveryScaffoldIsValidAlsoWithAllItsSettingsInUse(string name, string active, string standby, string @namespace)
    {
        var scaffold = TopologyScaffold.Write(name, active, standby, @namespace);
        var topology = Read(scaffold).Require();
        Assert.Equal((name, active, standby, @namespace), (topology.Name, topology.Active.Cluster.Context, topology.Standby.Cluster.Context, topology.Standby.Namespace));

        // A "#" that hides a setting is followed by the key, or by indentation; one that explains by a single space.
        var used = System.Text.RegularExpressions.Regex.Replace(scaffold, "(?m)^( *)#(?=[^ ]|  )", "$1");
        Assert.NotEqual(scaffold, used);
        Assert.DoesNotContain(Read(used).Diagnostics, d => d.Status == CheckStatus.Fail);
        Assert.NotEmpty(Read(used).Require().Workloads);
    }

    [Fact]
    public void AScaffoldOfInvalidValuesIsRefused() =>
        Assert.Equal("TopologyInvalid", Assert.Throws<Core.Errors.DalpException>(() => TopologyScaffold.Write("x", "a", "b", "Not A Namespace")).ErrorId);

    [Fact]
    public void TheExampleIsValidWithoutAdvice() => Assert.Empty(TopologyReader.Read(YamlReader.Read(Example())).Diagnostics);

    private static string Example([System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.GetFullPath("../../../examples/dalpha.yaml", Path.GetDirectoryName(here)!);

    private DocumentReading<DalpTopology> Read(string text)
    {
        var path = Path.Combine(folder, "dalpha.yaml");
        File.WriteAllText(path, text.ReplaceLineEndings("\n"));
        return TopologyReader.Read(YamlReader.Read(path));
    }
}
