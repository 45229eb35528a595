using System.Text.Json;
using System.Text.RegularExpressions;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Lab;
using DalpHa.Infrastructure.Tests.Processes;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>A failover meets the lab's faults: where it stops, what is said of it, that this is so, and that it ends when the cause is mended.</summary>
[Collection(nameof(RoundTripCollection))]
public sealed class FaultyFailoverTests
{
    private const string Word = "'Jane Doe: seen in the lab'";
    private const string People = $"-TimeoutSeconds 5 -Confirm:$false -Attest @{{ validators = {Word}; traffic = {Word}; validate = {Word} }}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LabFault.PromotionFails, LabDatabaseKind.SelfRun, "promote", "", "promote a second time by hand.")]
    [InlineData(LabFault.SlowPromotion, LabDatabaseKind.SelfRun, "promote", "", "promote a second time by hand.")]
    [InlineData(LabFault.OperatorDown, LabDatabaseKind.CloudNativePgReplica, "promote", "", "promote a second time by hand.")]
    [InlineData(LabFault.WorkloadNeverReady, LabDatabaseKind.SelfRun, "workloads", "promote", "let the former active site write again: two databases that take writes can't be merged.")]
    public async Task It_stops_where_the_fault_is_and_tells_so_and_ends_when_it_is_undone(LabFault fault, LabDatabaseKind kind, string step, string last, string warning)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The faults need a shell and symbolic links as Unix has them.");
        await using var lab = await LabInside.StartAsync(settings => settings with { Database = kind });
        using var state = new TestFolder();
        var pair = lab.Lab.Databases;
        await WriterWatch.PrepareAsync(pair, Token);
        await pair.WaitForStreamingAsync(Token);
        await using var watch = new WriterWatch(pair);
        await lab.Lab.Faults.InjectAsync(fault, SiteRole.Standby, fault == LabFault.SlowPromotion ? TimeSpan.FromSeconds(12) : null, Token);

        var stopped = await RunAsync(state, $"New-DalpFailoverPlan '{lab.Record.TopologyPath}' '{Hurried(lab, step)}' -TimeoutSeconds 5 | Invoke-DalpFailover -DecisionOwner 'Head of Operations' -Reason 'A rehearsal' {People}");

        Assert.True((step, "Incomplete") == (Text(stopped, "NextStep"), Text(stopped, "Outcome")), stopped.ToString());
        Assert.Contains("not seen within 4 s", Text(stopped, "StoppedBecause"), StringComparison.Ordinal);
        Assert.Contains($"Done: freeze, confirm{(last.Length == 0 ? "" : $", {last}")}.", Text(stopped, "HandOver"), StringComparison.Ordinal);
        Assert.Contains($"Do not {warning}", Text(stopped, "HandOver"), StringComparison.Ordinal);
        Assert.Equal(last.Length > 0, watch.East > 0);
        var frozen = watch.West;

        await lab.Lab.Faults.UndoAsync(fault, SiteRole.Standby, Token);
        if (fault == LabFault.SlowPromotion)
        {
            // What is slow ends by itself; until then nothing can be gone on with.
            await Postgres.Poll.UntilAsync(() => Task.FromResult(watch.East > 0), TimeSpan.FromSeconds(30), "the slow promotion ends");
        }
        var ended = await RunAsync(state, $"Resume-DalpFailover {Text(stopped, "Id")} -Topology '{lab.Record.TopologyPath}' -Runbook '{LabFolder.Runbook(lab.Record.Folder)}' {People}");

        Assert.True(Text(ended, "Outcome") == "Succeeded", ended.ToString());
        await Postgres.Poll.UntilAsync(() => Task.FromResult(watch.East > 0), TimeSpan.FromSeconds(10), "the promoted database takes writes");
        Assert.Equal((frozen, 0), (watch.West, watch.Both));
        Assert.Equal(frozen, await watch.EndAsync(pair));
        Assert.Equal("00000002", await pair.Standby.ExecuteAsync("SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)", Token));
    }

    // The lab's runbook, with little time for the step in which the fault shows.
    private static string Hurried(LabInside lab, string step)
    {
        var (text, path) = (File.ReadAllText(LabFolder.Runbook(lab.Record.Folder)), Path.Combine(lab.Record.Folder, "hurried.yaml"));
        var hurried = Timeout(step).Replace(text, "${1}4s", 1);
        Assert.NotEqual(text, hurried);
        File.WriteAllText(path, hurried);
        return path;
    }

    private static Regex Timeout(string step) => new($@"(\n  {step}:\n(?:    .*\n)*?    timeout: )\S+", RegexOptions.CultureInvariant);

    private static async Task<JsonElement> RunAsync(TestFolder state, string script)
    {
        await using var process = FailoverProcess.Start(state.Path, script);
        return (await process.EndAsync()).Failover;
    }

    private static string Text(JsonElement of, string property) => of.GetProperty(property).GetString() ?? "";
}
