using CsCheck;
using DalpHa.Core.Documents;
using DalpHa.Core.Readiness;
using DalpHa.Core.Tests.Documents;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Topology;

public sealed class TopologyReaderTests
{
    private static readonly string[] Words =
    [
        "apiVersion", "name", "sites", "active", "standby", "context", "kubeconfig", "namespace", "database", "servers", "host", "port", "forward", "pod", "service",
        "credentials", "secret", "validators", "rpc", "routes", "url", "workloads", "selector", "role", "secrets", "required", "thresholds", "rto", "rpo", "lagWarn", "owners", "password",
    ];

    private static readonly string[] Values =
        ["", "null", "true", "5432", "0x1F", "dalpha/v1", "dalp", "30s", "1d2h", "http://a:b@c", "https://x", "a=b", "a in (", "~/x", "..", "running", "validator", "\n", "Ünïcode", "٣s"];

    [Fact]
    public void NoDocumentMakesItThrow()
    {
        AnyDocument.Of(Words, Values).Sample(root =>
        {
            var reading = TopologyReader.Read(new YamlDocument("x.yaml", root, []));
            return reading.Value is null == reading.Diagnostics.Any(d => d.Status == CheckStatus.Fail);
        });
    }

    [Fact]
    public void ASlipInAKeyNamesTheKeyThatWasMeant()
    {
        string[] keys = ["apiVersion", "workloads", "configMaps", "thresholds", "owners"];
        Gen.Select(Gen.Int[0, keys.Length - 1].Select(i => keys[i]), Gen.Int[0, 4], Gen.Char['a', 'z']).Sample((key, at, letter) =>
        {
            var slip = key.Insert(at, letter.ToString());
            var root = new YamlMapping([new YamlEntry(new YamlScalar(slip, true, 3, 2), new YamlScalar("x", true, 3, 9))], 1, 1);
            var found = TopologyReader.Read(new YamlDocument("x.yaml", root, [])).Diagnostics.Single(d => d.ErrorId == "UnknownKey");
            return (found.Line, found.Column) == (3, 2) && found.Message.Contains($"Did you mean '{key}'?", StringComparison.Ordinal);
        });
    }
}
