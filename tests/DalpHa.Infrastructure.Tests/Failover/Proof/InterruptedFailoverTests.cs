using DalpHa.Core.Failover;
using DalpHa.Lab.Seed;
using k8s;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>What an operator stops, what he only rehearses, and what neither may show.</summary>
[Collection(nameof(FailoverHouse))]
public sealed class InterruptedFailoverTests(FailoverHouse house)
{
    [Fact]
    public async Task Ctrl_C_in_the_middle_of_the_promotion_lets_it_finish_and_writes_it_down()
    {
        await house.ResetAsync();
        var machine = house.NewMachine();
        await using var process = FailoverProcess.Start(machine, FailoverScripts.Begin(house));
        house.Gates.OnMoment = async moment =>
        {
            if (moment is { Write: "east pg_promote", IsAfter: false })
            {
                await process.InterruptAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(500));
            }
        };
        Assert.Equal(130, (await process.EndAsync()).Code);

        await using var list = FailoverProcess.Start(house.NewMachine(), FailoverScripts.List(house));
        var stopped = (await list.EndAsync()).Failover;
        Assert.True(stopped.GetProperty("IsEnded").GetBoolean());
        Assert.Contains("asked to stop", stopped.GetProperty("StoppedBecause").GetString(), StringComparison.Ordinal);
        var journal = JournalFile.Read(Assert.Single(FailoverHouse.JournalsOf(machine))).Records;
        Assert.Contains(journal, record => record is { Event: JournalEvent.Done, Step: "promote", Action: "Promote postgresql-replica-1" });
        // The rest of the step was not begun, so it is not told as done.
        Assert.Equal("promote", stopped.GetProperty("NextStep").GetString());

        // What is left can be rehearsed, and nothing of it is sent.
        house.Gates.Open();
        var done = house.Gates.Done.Count;
        await using var rehearsed = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Resume(house, "-WhatIf"));
        var told = await rehearsed.EndAsync();
        Assert.True(told.Code == 0, told.Output + told.Errors);
        Assert.Contains("Scale to 1.", told.Output + told.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("pg_promote", told.Output + told.Errors, StringComparison.Ordinal);
        Assert.Equal(done, house.Gates.Done.Count);

        // It gave the lease back: nobody has to take it over.
        await using var resumed = FailoverProcess.Start(house.NewMachine(), FailoverScripts.Resume(house));
        Assert.Equal("Succeeded", (await resumed.EndAsync()).Failover.GetProperty("Outcome").GetString());
        Assert.Single(house.Gates.Done, write => write == "east pg_promote");
    }

    [Fact]
    public async Task WhatIf_tells_every_write_and_sends_none()
    {
        await house.ResetAsync();
        var before = await house.DescribeAsync();
        await using var process = FailoverProcess.Start(house.NewMachine(), $"{FailoverScripts.Plan(house)}; {FailoverScripts.Invoke("-WhatIf")}");
        var ended = await process.EndAsync();
        Assert.True(ended.Code == 0, ended.Output + ended.Errors);
        Assert.Contains("pg_promote", ended.Output + ended.Errors, StringComparison.Ordinal);
        Assert.Contains("dalp-indexer", ended.Output + ended.Errors, StringComparison.Ordinal);
        Assert.Empty(house.Gates.Done);
        Assert.Equal(0, house.Gates.Moments);
        Assert.Equal(before, await house.DescribeAsync());
    }

    [Fact]
    public async Task No_secret_reaches_plan_journal_copy_or_stream()
    {
        await house.ResetAsync();
        var machine = house.NewMachine();
        await using var process = FailoverProcess.Start(
            machine, $"$VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'; {FailoverScripts.Plan(house)}; $plan; {FailoverScripts.Invoke()}");
        var ended = await process.EndAsync();
        Assert.True(ended.Code == 0, ended.Output + ended.Errors);

        var journal = await File.ReadAllTextAsync(Assert.Single(FailoverHouse.JournalsOf(machine)), TestContext.Current.CancellationToken);
        var copies = (await house.Regions[1].Admin.CoreV1.ListNamespacedConfigMapAsync(LabSite.Namespace, labelSelector: JournalMirror.Label)).Items;
        var copy = string.Concat(copies.SelectMany(part => part.Data.Values));
        Assert.Contains("pg_promote", ended.Output + ended.Errors, StringComparison.Ordinal);
        Assert.Contains("promote: Succeeded", ended.Output + ended.Errors, StringComparison.Ordinal);
        var passwords = house.Pair.Passwords;
        foreach (var secret in new[] { passwords.Admin, passwords.Monitor, passwords.Owner, passwords.Superuser, passwords.Replication }.Concat(house.Tokens))
        {
            Assert.All([ended.Output, ended.Errors, journal, copy], text => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
        }
    }
}
