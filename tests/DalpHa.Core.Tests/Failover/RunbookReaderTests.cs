using CsCheck;
using DalpHa.Core.Documents;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Core.Tests.Documents;
using DalpHa.Core.Topology;
using Microsoft.Extensions.Time.Testing;

namespace DalpHa.Core.Tests.Failover;

public sealed class RunbookReaderTests
{
    private static readonly string[] Words =
    [
        "apiVersion", "name", "version", "date", "reviewBy", "decisionOwner", "communicationPath", "backupRecoveryRunbook", "promotion", "method", "server", "hook", "rejoinTimeout",
        "activeCluster", "standbyCluster", "steps", .. FailoverSteps.All.Select(step => step.Name), "owner", "stopCondition", "expected", "timeout", "manual",
        "validationChecks", "rollbackConditions", "notifications", "at", "webhook",
    ];

    private static readonly string[] Values =
        ["", "null", "1", "dalpha.runbook/v1", "2026-01-31", "9999-12-31", "0001-01-01", "2026-1-1", "TBD", "<who>", "selfRun", "hook", "cloudNativePgReplica", "30s", "9999d", "./x.ps1", "http://x", "https://x?token=a", "declared", "Somebody", "\n", "Ünïcode"];

    [Fact]
    public void NoDocumentMakesItThrowAndWhatIsWrongHasNoValue()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero));
        AnyDocument.Of(Words, Values).Sample(root =>
        {
            var document = new YamlDocument("x.yaml", root, []);
            var (read, tested) = (RunbookReader.Read(document), RunbookReader.Test(document, null, time));
            return IsConsistent(read) && IsConsistent(tested) && read.Diagnostics.All(found => tested.Diagnostics.Contains(found));
        });
    }

    private static bool IsConsistent(DocumentReading<DalpRunbook> reading) => reading.Value is null == reading.Diagnostics.Any(d => d.Status == CheckStatus.Fail);
}
