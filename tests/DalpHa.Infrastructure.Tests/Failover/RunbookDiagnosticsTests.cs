using DalpHa.Core.Documents;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Configuration;
using Microsoft.Extensions.Time.Testing;

namespace DalpHa.Infrastructure.Tests.Failover;

/// <summary>Real runbooks, their text with one or more things wrong: what is found, and where.</summary>
public sealed class RunbookDiagnosticsTests : IDisposable
{
    private const string Valid =
        """
        apiVersion: dalpha.runbook/v1
        name: Failover
        version: "1"
        date: 2026-03-01
        reviewBy: 2026-06-01
        decisionOwner: Boss
        communicationPath: [call]
        backupRecoveryRunbook: https://wiki.example.com/recovery
        promotion: { method: selfRun }
        steps:
          freeze: { owner: Ops, stopCondition: Stop., expected: 5m }
          confirm: { owner: Dba, stopCondition: Stop., expected: 5m }
          promote: { owner: Dba, stopCondition: Stop., expected: 5m }
          workloads: { owner: Ops, stopCondition: Stop., expected: 5m }
          validators: { owner: Net, stopCondition: Stop., expected: 5m, manual: Scale. }
          traffic: { owner: Net, stopCondition: Stop., expected: 5m, manual: Switch. }
          validate: { owner: Svc, stopCondition: Stop., expected: 5m, manual: Look. }
          isolate: { owner: Boss, stopCondition: Stop., expected: 5m }
        validationChecks: [routes]
        rollbackConditions: [no writes]

        """;

    private const string Platform =
        """
        apiVersion: dalpha/v1
        name: production
        sites:
          active: { context: a, namespace: dalp, validators: [], database: { sslMode: require, servers: [{ name: p, host: a.example.com }] } }
          standby: { context: b, namespace: dalp, validators: [], database: { sslMode: require, servers: [{ name: r, host: b.example.com }] } }
        thresholds: { rto: 1h }
        owners: { decision: Boss, freeze: Ops, confirm: Dba, promote: Dba, workloads: Ops, validators: Net, traffic: Net, validate: Svc, isolate: Boss }

        """;

    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-runbook-").FullName;
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 4, 1, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AValidRunbookHasNoDiagnosticsAndReadsWhole()
    {
        var reading = Test(Valid.Replace("selfRun }", "selfRun, server: r }", StringComparison.Ordinal));
        Assert.Empty(reading.Diagnostics);
        Assert.Equal(CheckStatus.Pass, Assert.Single(reading.Conclusions).Status);
        var runbook = reading.Require();
        Assert.Equal(Path.Combine(folder, "runbook.yaml"), runbook.Path);
        Assert.Equal(("Boss", "r", new DateOnly(2026, 6, 1)), (runbook.DecisionOwner, runbook.Promotion.Server, runbook.ReviewBy));
        Assert.Equal(FailoverSteps.AfterDecision.Select(step => step.Name), runbook.Steps.Select(step => step.Name));
        Assert.Equal(("Net", "Switch.", TimeSpan.FromMinutes(10)), (runbook.StepOf("traffic").Owner, runbook.StepOf("traffic").Manual, runbook.StepOf("traffic").Timeout));
        Assert.Equal(TimeSpan.FromMinutes(15), runbook.ExpectedFrom("traffic"));
    }

    [Theory]
    [InlineData("  confirm: { owner: Dba, ", "  confirm: { ", 12, 3, "Fail MissingKey", "'owner' is missing")]
    [InlineData("  confirm: { owner: Dba, stopCondition: Stop., ", "  confirm: { owner: Dba, ", 12, 3, "Fail MissingKey", "'stopCondition' is missing")]
    [InlineData("  confirm: { owner: Dba", "  confirm: { owner: ''", 12, 21, "Fail InvalidValue", "not valid")]
    [InlineData("  confirm: { owner: Dba", "  confirm: { owner: TBD", 12, 21, "Fail Placeholder", "nobody has filled it in")]
    [InlineData("  confirm: { owner: Dba", "  confirm: { owner: <who>", 12, 21, "Fail Placeholder", "'<who>'")]
    [InlineData("stopCondition: Stop., expected: 5m }\n  workloads", "stopCondition: 'TODO: think', expected: 5m }\n  workloads", 13, 41, "Fail Placeholder", "nobody has filled it in")]
    [InlineData("  freeze: { owner: Ops, stopCondition: Stop., expected: 5m }\n", "", 10, 1, "Fail MissingKey", "'freeze' is missing")]
    [InlineData("  isolate:", "  isolat:", 18, 3, "Fail UnknownKey", "Did you mean 'isolate'?")]
    [InlineData("  isolate:", "  promote:", 18, 3, "Fail DuplicateKey", "first in line 13")]
    [InlineData("  confirm: { owner: Dba, stopCondition: Stop., expected: 5m }\n  promote: {", "  promote: { owner: Dba, stopCondition: Stop., expected: 5m }\n  confirm: {", 13, 3, "Fail StepOrder", "'confirm' stands after 'promote'")]
    [InlineData(", manual: Switch. }", " }", 16, 3, "Fail NobodyDoesIt", "'traffic'")]
    [InlineData("manual: Switch.", "manual: Switch., hook: there.ps1", 16, 85, "Fail HookAndManual", "together")]
    [InlineData("manual: Switch.", "hook: ./gone.ps1", 16, 68, "Fail HookNotFound", "gone.ps1")]
    [InlineData("manual: Switch.", "hook: there.sh", 16, 68, "Fail HookNotScript", "no PowerShell script")]
    [InlineData("manual: Switch.", "hook: folder.ps1", 16, 68, "Fail HookNotFile", "is a folder")]
    [InlineData("method: selfRun", "method: hook", 9, 1, "Fail MissingKey", "'hook' is missing: the method hook needs it")]
    [InlineData("method: selfRun", "method: hook, hook: gone.ps1", 9, 34, "Fail HookNotFound", "gone.ps1")]
    [InlineData("method: selfRun", "method: selfRun, hook: there.ps1", 9, 37, "Fail NotOfMethod", "means nothing to the method selfRun")]
    [InlineData("method: selfRun", "method: selfRun, standbyCluster: b", 9, 47, "Fail NotOfMethod", "means nothing")]
    [InlineData("method: selfRun", "method: cloudNativePgDistributed, standbyCluster: b", 9, 1, "Fail MissingKey", "'activeCluster' is missing")]
    [InlineData("method: selfRun", "method: cloudNativePgDistributed, activeCluster: a", 9, 1, "Fail MissingKey", "'standbyCluster' is missing")]
    [InlineData("method: selfRun", "method: cloudNativePgReplica", 9, 1, "Fail MissingKey", "'standbyCluster' is missing")]
    [InlineData("method: selfRun", "method: cloudNativePgReplica, standbyCluster: b", 9, 1, "Warn NoActiveCluster", "can't fence it")]
    [InlineData("method: selfRun", "method: pray", 9, 22, "Fail InvalidValue", "'pray'")]
    [InlineData("method: selfRun", "method: selfRun, server: x", 9, 39, "Fail UnknownServer", "'x'")]
    [InlineData("promote: { owner: Dba, stopCondition: Stop., ", "promote: { owner: Dba, stopCondition: Stop., hook: there.ps1, ", 13, 54, "Fail HookOfPromotion", "does not belong to the step")]
    [InlineData("date: 2026-03-01", "date: 2026-04-03", 4, 7, "Fail DateInFuture", "in the future")]
    [InlineData("date: 2026-03-01", "date: 1 March", 4, 7, "Fail InvalidValue", "'1 March'")]
    [InlineData("date: 2026-03-01", "date: 2026-02-30", 4, 7, "Fail InvalidValue", "'2026-02-30'")]
    [InlineData("reviewBy: 2026-06-01", "reviewBy: 2026-02-28", 5, 11, "Fail ReviewBeforeDate", "before 'date'")]
    [InlineData("reviewBy: 2026-06-01", "reviewBy: 2026-03-31", 5, 11, "Fail ReviewOverdue", "overdue by 1 day")]
    [InlineData("reviewBy: 2026-06-01", "reviewBy: 2026-04-01", 5, 11, "Warn ReviewDue", "due in 0 days")]
    [InlineData("reviewBy: 2026-06-01", "reviewBy: 2026-04-15", 5, 11, "Warn ReviewDue", "due in 14 days")]
    [InlineData("reviewBy: 2026-06-01", "reviewBy: 2062-06-01", 5, 11, "Warn ReviewFarOff", "more than a year")]
    [InlineData("version: \"1\"", "version: 1", 3, 10, "Fail WrongType", "A number")]
    [InlineData("decisionOwner: Boss", "decisionOwner: Bob", 6, 16, "Warn OwnerDiffers", "another owner of 'decision'")]
    [InlineData("validate: { owner: Svc", "validate: { owner: Bob", 17, 22, "Warn OwnerDiffers", "another owner of 'validate'")]
    [InlineData("rollbackConditions: [no writes]", "rollbackConditions: []", 20, 21, "Fail EmptyList", "empty")]
    [InlineData("rollbackConditions: [no writes]", "", 1, 1, "Fail MissingKey", "'rollbackConditions' is missing")]
    [InlineData("communicationPath: [call]\n", "", 1, 1, "Fail MissingKey", "'communicationPath' is missing")]
    [InlineData("communicationPath: [call]", "communicationPath: [<who>]", 7, 21, "Fail Placeholder", "'<who>'")]
    [InlineData("backupRecoveryRunbook: https://wiki.example.com/recovery\n", "", 1, 1, "Fail MissingKey", "'backupRecoveryRunbook' is missing")]
    [InlineData("name: Failover", "name: Failover\nnotifications: [{ at: [declared], webhook: 'http://x.example' }]", 3, 44, "Warn WebhookNotEncrypted", "unencrypted")]
    [InlineData("name: Failover", "name: Failover\nnotifications: [{ at: [], webhook: 'https://x.example' }]", 3, 23, "Fail EmptyList", "empty")]
    [InlineData("name: Failover", "name: Failover\nnotifications: [{ at: [begun], webhook: 'https://x.example' }]", 3, 24, "Fail InvalidValue", "'begun'")]
    [InlineData("name: Failover", "name: Failover\nnotifications: [{ at: [stopped] }]", 3, 17, "Fail OneOf", "Neither")]
    [InlineData("name: Failover", "name: Failover\nnotifications: [{ at: [stopped], hook: gone.ps1 }]", 3, 40, "Fail HookNotFound", "gone.ps1")]
    [InlineData("name: Failover", "name: Failover\nnotifications: [{ at: [stopped], webhook: 'https://x.example/?a=b&token=hunter2' }]", 3, 43, "Fail CredentialInFile", "login")]
    [InlineData("name: Failover", "name: Failover\nnotifications: [{ at: [stopped], webhook: 'https://bob:hunter2@x.example' }]", 3, 43, "Fail CredentialInFile", "login")]
    [InlineData("expected: 5m }\n  confirm", "expected: 1h }\n  confirm", 10, 1, "Warn RecoveryTimeExceeded", "95m")]
    [InlineData("expected: 5m }\n  confirm", "}\n  confirm", 10, 1, "Warn NothingExpected", "freeze")]
    public void OneThingIsWrong(string text, string instead, int line, int column, string found, string message)
    {
        Assert.Contains(text, Valid, StringComparison.Ordinal);
        var reading = Test(Valid.Replace(text, instead, StringComparison.Ordinal));
        var diagnostic = Assert.Single(reading.Diagnostics, d => $"{d.Status} {d.ErrorId}" == found && d.Message.Contains(message, StringComparison.Ordinal));
        Assert.Equal((line, column), (diagnostic.Line, diagnostic.Column));
        Assert.Equal(found.StartsWith("Fail", StringComparison.Ordinal), reading.Value is null);
        Assert.All(reading.Diagnostics, d => Assert.DoesNotContain("hunter2", d.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void AllErrorsAreToldAtOnce()
    {
        var text = Valid
            .Replace("reviewBy: 2026-06-01", "reviewBy: 2026-03-15", StringComparison.Ordinal)
            .Replace("  freeze: { owner: Ops, ", "  freeze: { ", StringComparison.Ordinal)
            .Replace("manual: Switch.", "hook: gone.ps1", StringComparison.Ordinal)
            .Replace("decisionOwner: Boss", "decisionOwner: Bob", StringComparison.Ordinal)
            + "notifications: [{ webhook: 'http://x.example' }]\n";
        Assert.Equal(
            ["ReviewOverdue", "OwnerDiffers", "MissingKey", "HookNotFound", "MissingKey", "WebhookNotEncrypted"],
            Test(text).Diagnostics.Select(d => d.ErrorId));
        var failure = Assert.Throws<DalpException>(() => Test(text).Require());
        Assert.Equal("RunbookInvalid", failure.ErrorId);
        Assert.Contains("Test-DalpRunbook", failure.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void AnOverdueRunbookIsReadAllTheSame()
    {
        var overdue = Document(Valid.Replace("reviewBy: 2026-06-01", "reviewBy: 2026-03-02", StringComparison.Ordinal));
        Assert.Null(RunbookReader.Test(overdue, Topology(), time).Value);
        Assert.Equal(new DateOnly(2026, 3, 2), RunbookReader.Read(overdue).Require().ReviewBy);
    }

    [Fact]
    public void WhatIsDatedTodayIsNotInTheFutureAnywhereOnEarth()
    {
        var dated = Valid.Replace("date: 2026-03-01", "date: 2026-04-02", StringComparison.Ordinal);
        time.SetUtcNow(new DateTimeOffset(2026, 4, 1, 13, 0, 0, TimeSpan.Zero));
        Assert.DoesNotContain(Test(dated).Diagnostics, d => d.ErrorId == "DateInFuture");
    }

    [Fact]
    public void WithoutATopologyTheFitIsUnknown()
    {
        var reading = RunbookReader.Test(Document(Valid), null, time);
        var unknown = Assert.Single(reading.Diagnostics);
        Assert.Equal((CheckStatus.Unknown, "TopologyNotSeen"), (unknown.Status, unknown.ErrorId));
        Assert.NotNull(reading.Value);
    }

    [Fact]
    public void AServerIsChosenWhereThereAreSeveralAndThereIsOneToPromote()
    {
        const string server = "{ name: r, host: b.example.com }";
        var several = Platform.Replace(server, server + ", { name: s, host: c.example.com }", StringComparison.Ordinal);
        Assert.Equal("ServerNotChosen", Assert.Single(Test(Valid, several).Diagnostics).ErrorId);
        Assert.Empty(Test(Valid.Replace("selfRun", "selfRun, server: s", StringComparison.Ordinal), several).Diagnostics);

        var none = Platform.Replace($", database: {{ sslMode: require, servers: [{server}] }}", "", StringComparison.Ordinal);
        Assert.Equal("NoServer", Assert.Single(Test(Valid, none).Diagnostics).ErrorId);
        Assert.Empty(Test(Valid.Replace("selfRun", "cloudNativePgReplica, standbyCluster: b, activeCluster: a", StringComparison.Ordinal), none).Diagnostics);
    }

    [Fact]
    public void AHookThatCanNotBeLookedAtIsUnknown()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Its paths fail in other ways.");
        // The system refuses such a name itself, so whether the file is there is not known.
        var name = new string('x', 300) + ".ps1";
        var reading = Test(Valid.Replace("manual: Switch.", $"hook: {name}", StringComparison.Ordinal));
        Assert.Equal((CheckStatus.Unknown, "HookUnseen"), reading.Diagnostics.Select(d => (d.Status, d.ErrorId)).Single());
    }

    [Fact]
    public void PathsStartFromTheRunbook()
    {
        var runbook = Test(Valid.Replace("manual: Switch.", "hook: there.ps1", StringComparison.Ordinal)).Require();
        Assert.Equal(Path.Combine(folder, "there.ps1"), runbook.StepOf("traffic").Hook);
    }

    [Fact]
    public void AScaffoldIsRefusedUntilItsPlaceholdersAreFilledIn()
    {
        var scaffold = RunbookScaffold.Write(new DateOnly(2026, 4, 1), null);
        var errors = Test(scaffold).Diagnostics.Where(d => d.Status == CheckStatus.Fail).ToList();
        Assert.Equal(
            ["backupRecoveryRunbook", "communicationPath[0]", "communicationPath[1]", "communicationPath[2]", "decisionOwner", "name", "promotion.method",
                .. FailoverSteps.AfterDecision.Select(step => $"steps.{step.Name}.owner").Order(StringComparer.Ordinal)],
            errors.Select(d => d.Subject).Order(StringComparer.Ordinal));

        var written = System.Text.RegularExpressions.Regex.Replace(scaffold, "\"<(selfRun)?[^>]*>\"", match => match.Groups[1].Success ? "selfRun" : "Somebody");
        var runbook = Test(written.Replace("\n  - Somebody\n  - Somebody\n  - Somebody", "\n  - Somebody", StringComparison.Ordinal)).Require();
        Assert.Equal((new DateOnly(2026, 4, 1), new DateOnly(2026, 6, 30)), (runbook.Date, runbook.ReviewBy));
        Assert.All(runbook.Steps, step => Assert.StartsWith("Stop ", step.StopCondition, StringComparison.Ordinal));
        Assert.NotEmpty(runbook.RollbackConditions);
    }

    [Fact]
    public void AScaffoldTakesTheOwnersOfTheTopology()
    {
        var errors = Test(RunbookScaffold.Write(new DateOnly(2026, 4, 1), Topology())).Diagnostics.Where(d => d.Status == CheckStatus.Fail).Select(d => d.Subject);
        Assert.Equal(["communicationPath[0]", "communicationPath[1]", "communicationPath[2]", "backupRecoveryRunbook", "promotion.method"], errors);
    }

    [Fact]
    public void EverySettingThatAScaffoldHidesIsWellFormed()
    {
        var scaffold = RunbookScaffold.Write(new DateOnly(2026, 4, 1), Topology());
        // A "#" that hides a setting is followed by the key, or by indentation; one that explains by a single space.
        var used = System.Text.RegularExpressions.Regex.Replace(scaffold, "(?m)^( *)#(?=[^ ]|  )", "$1");
        Assert.NotEqual(scaffold, used);
        Assert.Single(scaffold.Split('\n'), line => line.Contains("# When to stop there", StringComparison.Ordinal));
        var known = new[] { "HookAndManual", "HookNotFound", "Placeholder", "InvalidValue", "UnknownServer" };
        var found = Test(used).Diagnostics.Where(d => d.Status == CheckStatus.Fail).ToList();
        Assert.DoesNotContain(found, d => !known.Contains(d.ErrorId));
        Assert.Equal("promotion.method", Assert.Single(found, d => d.ErrorId == "InvalidValue").Subject);
    }

    [Fact]
    public void TheExampleFitsTheExampleTopology()
    {
        var reading = RunbookReader.Test(YamlReader.Read(Example("runbook.yaml")), TopologyReader.Read(YamlReader.Read(Example("dalpha.yaml"))).Require(), time);
        // Its review is far off on purpose, and it says so.
        Assert.Equal(["ReviewFarOff"], reading.Diagnostics.Select(d => d.ErrorId));
        Assert.NotNull(reading.Value);
    }

    private static string Example(string name, [System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.GetFullPath($"../../../examples/{name}", Path.GetDirectoryName(here)!);

    private DocumentReading<DalpRunbook> Test(string text, string platform = Platform)
    {
        File.WriteAllText(Path.Combine(folder, "there.ps1"), "exit 0");
        Directory.CreateDirectory(Path.Combine(folder, "folder.ps1"));
        return RunbookReader.Test(Document(text), Topology(platform), time);
    }

    private DalpTopology Topology(string text = Platform) => TopologyReader.Read(Document(text, "dalpha.yaml")).Require();

    private YamlDocument Document(string text, string name = "runbook.yaml")
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text.ReplaceLineEndings("\n"));
        return YamlReader.Read(path);
    }
}
