using System.Text.Json;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Lab;
using DalpHa.Infrastructure.Tests.Processes;
using DalpHa.Lab.Postgres;
using DalpHa.Lab.Seed;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>A pair fails over, its former active site comes back as standby, and it fails back: by the cmdlets, as an operator does it, on real servers.</summary>
[Collection(nameof(RoundTripCollection))]
public sealed class RoundTripTests
{
    private const string Word = "'Jane Doe: seen in the lab'";
    private const string Run = $"Invoke-DalpFailover -DecisionOwner 'Head of Operations' -Reason 'A rehearsal' -Confirm:$false -Attest @{{ validators = {Word}; traffic = {Word}; validate = {Word} }}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LabDatabaseKind.SelfRun)]
    [InlineData(LabDatabaseKind.CloudNativePg)]
    [InlineData(LabDatabaseKind.CloudNativePgReplica)]
    public async Task There_and_back_no_row_is_lost_and_never_two_take_writes(LabDatabaseKind kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The lab's script starts a program as a shell does.");
        await using var lab = await LabInside.StartAsync(settings => settings with { Database = kind });
        using var state = new TestFolder();
        var pair = lab.Lab.Databases;
        // A fenced Cluster's PostgreSQL is stopped: nobody can compare it, and somebody must take that on himself.
        var accepted = kind == LabDatabaseKind.CloudNativePgReplica ? $"-AcceptLoss {Word}" : "";
        // What it commits on a frozen server is told as lost, as anything is.
        await lab.StopHousekeepingAsync();
        await WriterWatch.PrepareAsync(pair, Token);
        await using var watch = new WriterWatch(pair);

        Succeeded(await RunAsync(lab, state, $"New-DalpFailoverPlan $topology $runbook | {Run}"));
        Assert.Equal((false, true), (await TakesWritesAsync(pair.Primary), await TakesWritesAsync(pair.Standby)));

        Succeeded(await RunAsync(lab, state, $"Restore-DalpStandby $topology -Runbook $runbook -Confirm:$false {accepted}"));
        Assert.Equal(true, await pair.Primary.ExecuteAsync("SELECT pg_is_in_recovery()", Token));
        Assert.All(Succeeded(await RunAsync(lab, state, "Restore-DalpStandby $topology -Runbook $runbook -Confirm:$false")), result => Assert.False(result.GetProperty("HasActed").GetBoolean()));

        Succeeded(await RunAsync(lab, state, "Unprotect-DalpSite $now -Site Standby -Confirm:$false"));
        Succeeded(await RunAsync(lab, state, $"New-DalpFailoverPlan $now $back -Kind Switchover | {Run}"));
        Assert.Equal((true, false), (await TakesWritesAsync(pair.Primary), await TakesWritesAsync(pair.Standby)));
        Succeeded(await RunAsync(lab, state, $"Restore-DalpStandby $now -Runbook $back -Confirm:$false {accepted}"));
        await pair.WaitForStreamingAsync(Token);

        var written = watch.West;
        await Postgres.Poll.UntilAsync(() => Task.FromResult(watch.West > written), TimeSpan.FromSeconds(10), "it takes writes again");
        Assert.True(watch.East > 0);
        Assert.Equal((2, 0), await watch.EndAsync(pair, pair.Primary));
    }

    [Fact]
    public async Task What_a_cut_off_region_committed_alone_is_given_up_only_by_a_persons_word()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The lab's script starts a program as a shell does.");
        await using var lab = await LabInside.StartAsync(settings => settings);
        using var state = new TestFolder();
        var pair = lab.Lab.Databases;
        await WriterWatch.PrepareAsync(pair, Token);
        await pair.WaitForStreamingAsync(Token);
        await lab.Lab.Faults.InjectAsync(LabFault.RegionUnreachable, SiteRole.Active, null, Token);
        var promoted = await RunAsync(lab, state, $"Invoke-DalpPromotion $topology -Runbook $runbook -ActiveIsGone {Word} -MaxDataLoss ([timespan]::MaxValue) -TimeoutSeconds 3 -Confirm:$false");
        Succeeded(promoted);
        var checks = promoted.Objects.Where(one => one.TryGetProperty("Check", out _)).ToDictionary(one => one.GetProperty("Check").GetString()!, one => one.GetProperty("Status").GetString());
        Assert.Equal(("Pass", "Pass", "Warn", "Unknown"), (checks["Timeline"], checks["SynchronousCommit"], checks["ReturnSlot"], checks["LogicalSlots"]));
        for (var number = 1; number <= 5; number++)
        {
            await pair.Primary.ExecuteAsync($"INSERT INTO watch (server, number) VALUES ('{pair.Primary.Name}', {number})", Token, pair.Database);
        }
        await lab.Lab.Faults.UndoAsync(LabFault.RegionUnreachable, SiteRole.Active, Token);

        Assert.Contains("FormerFenced", await RefusedAsync(lab, state, $"-AcceptLoss {Word}"), StringComparison.Ordinal);
        Succeeded(await RunAsync(lab, state, "Protect-DalpSite $topology -Site Active -Confirm:$false"));
        Assert.Contains("LossAccepted", await RefusedAsync(lab, state, ""), StringComparison.Ordinal);
        var found = Assert.Single((await RunAsync(lab, state, "Compare-DalpDatabase $topology")).Objects);
        Assert.Equal("Diverged", found.GetProperty("Verdict").GetString());
        Assert.True(found.GetProperty("LostTransactions").GetInt64() >= 5);
        // Nothing is sent under -WhatIf, whoever accepts what.
        await RunAsync(lab, state, $"Restore-DalpStandby $topology -Runbook $runbook -AcceptLoss {Word} -WhatIf");
        Assert.Equal(5L, await pair.Primary.ExecuteAsync("SELECT count(*) FROM watch", Token, pair.Database));
        Assert.Equal(false, await pair.Primary.ExecuteAsync("SELECT pg_is_in_recovery()", Token));

        var done = Succeeded(await RunAsync(lab, state, $"Restore-DalpStandby $topology -Runbook $runbook -AcceptLoss {Word} -Confirm:$false"));
        Assert.Contains("Jane Doe accepted what it alone held", done[0].GetProperty("Detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(0L, await pair.Primary.ExecuteAsync("SELECT count(*) FROM watch", Token, pair.Database));
    }

    [Fact]
    public async Task A_return_that_was_broken_off_is_finished_by_the_next_run()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The lab's script starts a program as a shell does.");
        await using var lab = await LabInside.StartAsync(settings => settings);
        using var state = new TestFolder();
        var pair = lab.Lab.Databases;
        Succeeded(await RunAsync(lab, state, $"New-DalpFailoverPlan $topology $runbook | {Run}"));
        var (begun, slow) = (Path.Combine(state.Path, "begun"), Path.Combine(state.Path, "slow.ps1"));
        await File.WriteAllTextAsync(
            slow, $"param($Purpose, $Topology, $Kind, $Server, $Primary)\n& '{LabFolder.RejoinHook(lab.Record.Folder)}' @PSBoundParameters\n[IO.File]::WriteAllText('{begun}', '')\n[Threading.Thread]::Sleep(60000)\n", Token);
        await using (var process = FailoverProcess.Start(state.Path, Script(lab, $"Restore-DalpStandby $topology -RejoinHook '{slow}' -Confirm:$false")))
        {
            await Postgres.Poll.UntilAsync(() => Task.FromResult(File.Exists(begun)), TimeSpan.FromSeconds(60), "the script has begun");
            await process.KillAsync();
        }

        Succeeded(await RunAsync(lab, state, "Restore-DalpStandby $topology -Runbook $runbook -Confirm:$false"));
        Assert.Equal((true, false), (await TakesWritesAsync(pair.Standby), await TakesWritesAsync(pair.Primary)));

        using var client = new LabClient(lab.Record, TimeSpan.FromSeconds(10));
        Assert.Equal("LabServerUnknown", (await Assert.ThrowsAsync<DalpException>(() => client.RejoinAsync("nobody", Token))).ErrorId);
        Assert.Equal("RejoinNeedsPrimary", (await Assert.ThrowsAsync<DalpException>(() => client.RejoinAsync(pair.Standby.Name, Token))).ErrorId);
    }

    private static IReadOnlyList<JsonElement> Succeeded(FailoverProcess.Ended ended)
    {
        Assert.True(ended.Code == 0, $"{ended.Code}: {ended.Output}{ended.Errors}");
        Assert.NotEmpty(ended.Objects);
        var results = ended.Objects.Where(result => !result.TryGetProperty("Check", out _)).ToList();
        Assert.NotEmpty(results);
        Assert.All(results, result => Assert.True(result.GetProperty("Outcome").GetString() == "Succeeded", result.ToString()));
        return results;
    }

    private static async Task<string> RefusedAsync(LabInside lab, TestFolder state, string more)
    {
        var ended = await RunAsync(lab, state, $"Restore-DalpStandby $topology -Runbook $runbook -Confirm:$false {more}");
        Assert.True(ended.Code != 0, ended.Output + ended.Errors);
        Assert.Equal("PreconditionUnmet", ended.ErrorId);
        return ended.Errors;
    }

    private static async Task<FailoverProcess.Ended> RunAsync(LabInside lab, TestFolder state, string command)
    {
        await using var process = FailoverProcess.Start(state.Path, Script(lab, command));
        return await process.EndAsync();
    }

    // The runbook for the way back is the lab's own, with the sites changed.
    private static string Script(LabInside lab, string command)
    {
        var (runbook, back) = (LabFolder.Runbook(lab.Record.Folder), Path.Combine(lab.Record.Folder, "runbook-back.yaml"));
        if (!File.Exists(back))
        {
            File.WriteAllText(back, RunbookText.Of("lab", lab.Standby.Site, lab.Active.Site, lab.DatabaseKind, TimeProvider.System.GetUtcNow()));
        }
        return $"""
            $topology = '{lab.Record.TopologyPath}'
            $now = Get-DalpTopology $topology -Swapped
            $runbook = '{runbook}'
            $back = '{back}'
            {command}
            """;
    }

    private static async Task<bool> TakesWritesAsync(PostgresServer server) =>
        server.ProcessId is not null
        && await server.ExecuteAsync("SELECT NOT pg_is_in_recovery() AND (SELECT reset_val = 'off' FROM pg_settings WHERE name = 'default_transaction_read_only')", Token) is true;
}

/// <summary>Round trips run one after the other: each has a lab of its own.</summary>
[CollectionDefinition(nameof(RoundTripCollection))]
public sealed class RoundTripCollection;
