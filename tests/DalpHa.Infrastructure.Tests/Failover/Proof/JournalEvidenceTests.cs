using DalpHa.Core.Failover;
using DalpHa.Lab.Seed;
using k8s;
using k8s.Models;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>Journals that were touched, on a machine or in the cluster: nobody goes on from them, and they are shown.</summary>
[Collection(nameof(FailoverHouse))]
public sealed class JournalEvidenceTests(FailoverHouse house)
{
    [Fact]
    public async Task A_touched_journal_is_refused_and_told_and_the_others_are_listed()
    {
        await house.ResetAsync();
        var machine = house.NewMachine();
        await RunAsync(machine, FailoverScripts.Begin(house, "-Until freeze"));
        await RunAsync(machine, FailoverScripts.Begin(house, "-Until confirm"));
        var (first, second) = (FailoverHouse.JournalsOf(machine)[0], FailoverHouse.JournalsOf(machine)[1]);
        house.Gates.Clear();

        // One byte.
        var whole = await File.ReadAllTextAsync(first, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(first, whole.Replace("The region is failing", "The region is fallinG", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Assert.Equal("JournalBroken", await RefusedAsync(machine, first));
        var listed = await RunAsync(machine, FailoverScripts.List(house));
        Assert.Equal("JournalBroken", listed.ErrorId);
        Assert.Equal(Id(second), listed.Failover.GetProperty("Id").GetString());

        // A record of its own, well made, where the copy has another.
        await File.WriteAllTextAsync(first, whole[..(whole.TrimEnd('\n').LastIndexOf('\n') + 1)], TestContext.Current.CancellationToken);
        using (var file = JournalFile.Open(first))
        {
            file.Append(file.Chain.Add(new JournalRecord(0, DateTimeOffset.UnixEpoch, JournalEvent.Resumed, null, null, "Elsewhere.", "somebody@elsewhere", new Dictionary<string, string>())));
        }
        Assert.Equal("JournalDiverged", await RefusedAsync(machine, first));
        listed = await RunAsync(machine, FailoverScripts.List(house));
        Assert.Equal("JournalDiverged", listed.ErrorId);
        Assert.Equal(Id(second), listed.Failover.GetProperty("Id").GetString());

        // The copy, where it is the only one.
        await TouchCopyAsync(Id(second));
        Assert.Equal("JournalBroken", await RefusedAsync(house.NewMachine(), second));
        Assert.All(house.Gates.Done, write => Assert.Contains("leases", write, StringComparison.Ordinal));
    }

    private static string Id(string journal) => Path.GetFileNameWithoutExtension(journal);

    private static async Task<FailoverProcess.Ended> RunAsync(string machine, string script)
    {
        await using var process = FailoverProcess.Start(machine, script);
        return await process.EndAsync();
    }

    private async Task<string> RefusedAsync(string machine, string journal)
    {
        var ended = await RunAsync(machine, FailoverScripts.ResumeId(house, Id(journal)));
        Assert.Equal(1, ended.Code);
        Assert.Empty(ended.Output);
        return ended.ErrorId;
    }

    private async Task TouchCopyAsync(string id)
    {
        var cluster = house.Regions[1].Admin;
        var part = Assert.Single((await cluster.CoreV1.ListNamespacedConfigMapAsync(LabSite.Namespace, labelSelector: $"{JournalMirror.Label}={id}")).Items);
        var (key, line) = part.Data.OrderBy(entry => entry.Key, StringComparer.Ordinal).First();
        part.Data[key] = line.Replace("Head of Operations", "Head of Nothing___", StringComparison.Ordinal);
        await cluster.CoreV1.ReplaceNamespacedConfigMapAsync(part, part.Name(), LabSite.Namespace);
    }
}
