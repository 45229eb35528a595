using System.Text;
using CsCheck;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Tests.Failover;

public sealed class JournalTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-journal-").FullName;

    private string File => Path.Combine(folder, "one.jsonl");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_is_written_is_read_again()
    {
        var written = Write(5);
        var read = JournalFile.Read(File);
        Assert.Equal(written.Lines, read.Lines);
        Assert.Equal(written.Head, read.Head);
        Assert.Equal([1, 2, 3, 4, 5], read.Records.Select(record => record.Sequence));
        Assert.Equal("Größe „x“ \n 2", read.Records[2].Text);
        Assert.Equal("v", read.Records[2].Data["k"]);
    }

    [Fact]
    public void A_journal_with_any_byte_changed_is_refused()
    {
        Write(4);
        var bytes = System.IO.File.ReadAllBytes(File);
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Where((at, value) => bytes[at] != value).Sample((at, value) => Refused(at, value), iter: 2000);
        // And each of them with the changes that are likeliest to pass.
        for (var at = 0; at < bytes.Length; at++)
        {
            Refused(at, (byte)(bytes[at] ^ 1));
            Refused(at, (byte)'\n');
            Refused(at, (byte)'}');
        }

        void Refused(int at, byte value)
        {
            if (bytes[at] == value)
            {
                return;
            }
            var changed = bytes.ToArray();
            changed[at] = value;
            var error = Assert.Throws<DalpException>(() => JournalChain.Read(Encoding.UTF8.GetString(changed), "test"));
            Assert.Equal("JournalBroken", error.ErrorId);
        }
    }

    [Fact]
    public void A_record_that_is_left_out_doubled_or_moved_is_noticed()
    {
        var lines = Write(4).Lines;
        foreach (var wrong in new[] { new[] { 0, 2, 3 }, [0, 1, 1, 2], [1, 0, 2], [1, 2, 3] })
        {
            var text = string.Concat(wrong.Select(index => lines[index] + "\n"));
            Assert.Equal("JournalBroken", Assert.Throws<DalpException>(() => JournalChain.Read(text, "test")).ErrorId);
        }
    }

    [Fact]
    public void After_a_record_that_could_not_be_written_no_later_one_stands_in_its_place()
    {
        using var disk = Replication.SmallDisk.Mount();
        var path = System.IO.Path.Combine(disk.Path, "journal.jsonl");
        using (var journal = JournalFile.Open(path))
        {
            journal.Append(journal.Chain.Add(Record("first")));
            disk.Fill();
            Assert.Equal("JournalRefused", Assert.Throws<DalpException>(() => journal.Append(journal.Chain.Add(Record(new string('x', 70000))))).ErrorId);
            disk.Free();
            Assert.Equal("JournalRefused", Assert.Throws<DalpException>(() => journal.Append(journal.Chain.Add(Record("later")))).ErrorId);
        }
        using var again = JournalFile.Open(path);
        Assert.Equal("first", Assert.Single(again.Chain.Records).Text);
        again.Append(again.Chain.Add(Record("later")));
    }

    [Fact]
    public void A_last_line_that_was_never_written_whole_is_cut_off_and_written_over()
    {
        var lines = Write(3).Lines;
        var whole = string.Concat(lines.Take(2).Select(line => line + "\n"));
        for (var length = 0; length < lines[2].Length; length++)
        {
            System.IO.File.WriteAllText(File, whole + lines[2][..length]);
            using var journal = JournalFile.Open(File);
            Assert.Equal(2, journal.Chain.Records.Count);
            journal.Append(journal.Chain.Add(Record("again")));
            Assert.Equal(3, JournalFile.Read(File).Records.Count);
        }
        // Whole but for its line feed: it counts.
        System.IO.File.WriteAllText(File, whole + lines[2]);
        using var last = JournalFile.Open(File);
        Assert.Equal(3, last.Chain.Records.Count);
    }

    [Fact]
    public async Task Two_copies_that_differ_are_told_with_where_they_part_and_who_went_on()
    {
        using var platform = new TestPlatform();
        var control = platform.World().Standby.Control;
        var store = new FailoverStore(folder);
        var mirror = new JournalMirror(control, "dalp", "one");
        using (var laptop = JournalFile.Open(File))
        {
            for (var i = 0; i < 3; i++)
            {
                var line = laptop.Chain.Add(Record($"both {i}"));
                laptop.Append(line);
                await mirror.AppendAsync(line, TestContext.Current.CancellationToken);
            }
            // Its last record never reached the cluster, and somebody else went on there.
            var other = JournalFile.Read(File);
            laptop.Append(laptop.Chain.Add(Record("lost") with { Event = JournalEvent.Intent }));
            await mirror.AppendAsync(other.Add(Record("other") with { Event = JournalEvent.Resumed, Operator = "second@office" }), TestContext.Current.CancellationToken);
            await mirror.AppendAsync(other.Add(Record("more") with { Operator = "second@office" }), TestContext.Current.CancellationToken);
        }

        var error = await Assert.ThrowsAsync<DalpException>(() => store.OpenAsync("one", control, "dalp", TestContext.Current.CancellationToken));
        Assert.Equal("JournalDiverged", error.ErrorId);
        Assert.Contains("are one up to record 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("1 record of this machine never reached the cluster, from 'Intent'", error.Message, StringComparison.Ordinal);
        Assert.Contains("second@office went on with 2 records, from 'Resumed'", error.Message, StringComparison.Ordinal);

        System.IO.File.Move(File, File + ".evidence");
        var (file, _) = await store.OpenAsync("one", control, "dalp", TestContext.Current.CancellationToken);
        using (file)
        {
            Assert.Equal(5, file.Chain.Records.Count);
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("\u042f")]
    [InlineData("\U0001F600")]
    public async Task What_is_far_too_long_is_cut_off_so_that_the_cluster_takes_it_and_says_how_much(string letter)
    {
        using var platform = new TestPlatform();
        var control = platform.World().Standby.Control;
        var said = string.Concat(Enumerable.Repeat(letter, 1_000_000 / letter.Length));
        var mirror = new JournalMirror(control, "dalp", "one");
        using (var journal = new FailoverJournal(JournalFile.Open(File), mirror, "operator@laptop", platform.Warnings.Add, platform.Time))
        {
            var data = Enumerable.Range(1, 12).ToDictionary(number => $"fact {number}", _ => said);
            for (var i = 0; i < 8; i++)
            {
                await journal.AnnounceAsync(JournalEvent.Failed, "workloads", "Run the hook", said, TestContext.Current.CancellationToken, data);
            }
        }
        // What an API server refuses is a ConfigMap of more than 1 MiB.
        Assert.All(platform.Standby.Notes.Values, note => Assert.InRange(note.Entries.Values.Sum(Encoding.UTF8.GetByteCount), 1, 1024 * 1024));
        var record = JournalFile.Read(File).Records[0];
        foreach (var text in record.Data.Values.Append(record.Text))
        {
            var (kept, rest) = (text[..text.LastIndexOf('…')], text[text.LastIndexOf('…')..]);
            Assert.StartsWith(kept, said, StringComparison.Ordinal);
            Assert.Equal($"… ({said.Length - kept.Length} more characters were cut off)", rest);
            Assert.DoesNotContain('\uFFFD', text);
        }
        Assert.Equal(JournalFile.Read(File).Lines, (await new JournalMirror(control, "dalp", "one").ReadAsync(null, TestContext.Current.CancellationToken)).Lines);
    }

    [Fact]
    public async Task A_finding_that_is_far_too_long_is_still_one()
    {
        using var platform = new TestPlatform();
        var finding = DalpCheckResult.Of("WayBack", Finding.Fail("east", "slot", new string('ü', 100_000), "none", new string('"', 100_000), "Drop it."), DateTimeOffset.UnixEpoch);
        var step = new FailoverStep { Name = "promote", Measured = "Measured." };
        string path;
        await using (var journal = new HandJournal(platform.World(), folder, "operator@laptop", platform.Warnings.Add))
        {
            await journal.AnnounceAsync(step, ActionOf("Promote pg"), "It is in recovery.");
            await journal.EndAsync(JournalEvent.StepDone, step, "It holds.", [finding]);
            path = journal.Path!;
        }
        var kept = Assert.Single(DalpHandStep.Read("one", JournalFile.Read(path), path).Findings);
        Assert.Equal((CheckStatus.Fail, "slot", "Drop it."), (kept.Status, kept.Target, kept.Remediation));
        Assert.Contains("more characters were cut off)", kept.Detail, StringComparison.Ordinal);
        Assert.InRange(kept.Detail.Length, 100, 5000);
    }

    [Fact]
    public void A_finding_that_can_not_be_read_as_one_is_Unknown_and_told_as_it_stands()
    {
        var chain = new JournalChain();
        chain.Add(Record("Measured.") with { Event = JournalEvent.StepStarted, Data = new Dictionary<string, string> { ["topology"] = "production" } });
        chain.Add(Record("It holds.") with { Event = JournalEvent.StepDone, Action = null, Data = new Dictionary<string, string> { ["finding 01"] = "{\"check\":\"New\",\"status\":\"Better\"}" } });
        var strange = Assert.Single(DalpHandStep.Read("one", chain, null).Findings);
        Assert.Equal(CheckStatus.Unknown, strange.Status);
        Assert.Contains("\"Better\"", strange.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_facts_have_the_names_that_earlier_versions_wrote()
    {
        using var platform = new TestPlatform { Kind = FailoverKind.Switchover };
        platform.Crew.Refuses = "validators";
        await platform.Process().BeginAsync("20260601-120000-abcd", TestPlatform.Declaration, null, TestContext.Current.CancellationToken);
        platform.Crew.Refuses = null;
        var failover = await platform.Process().ResumeAsync("20260601-120000-abcd", null, TestContext.Current.CancellationToken);
        var records = JournalFile.Read(failover.JournalPath!).Records;
        string[] expected =
        [
            "Declared: active activeCluster communication decisionOwner kind maxDataLoss reason recovery rollback runbook standby topology version",
            "StepStarted: lossBytes lossSeconds owner primaryLsn replayLsn server",
            "Intent: final",
            "Done: drainedEnd drainedNextTransactionId drainedServer",
            "StepDone: lossBytes lossSeconds primaryLsn replayLsn server",
            "Stopped: outcome",
            "Resumed: maxDataLoss runbook version",
            "Attested:",
            "Finished:",
        ];
        var named = records.GroupBy(record => record.Event).Select(group => (group.Key, Names: group.SelectMany(record => record.Data.Keys).Distinct().Where(name => !name.StartsWith("finding ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)));
        Assert.Equal(string.Join('\n', expected), string.Join('\n', named.Select(one => $"{one.Key}: {string.Join(' ', one.Names)}".TrimEnd())));
    }

    [Fact]
    public async Task What_was_deleted_in_the_cluster_is_brought_back_by_the_machine_whose_journal_is_whole()
    {
        using var platform = new TestPlatform();
        var (control, store) = (platform.World().Standby.Control, new FailoverStore(folder));
        var lines = await MirroredAsync(control, 60);
        var names = platform.Standby.Notes.Keys.Order(StringComparer.Ordinal).ToList();
        Assert.True(names.Count > 4, $"only {names.Count} parts");
        foreach (var lost in new[] { new[] { 0 }, [1, 2], [names.Count - 1], [0, names.Count - 2], [.. Enumerable.Range(0, names.Count)] })
        {
            foreach (var index in lost)
            {
                platform.Standby.Notes.Remove(names[index]);
            }
            var (file, mirror) = await store.OpenAsync("one", control, "dalp", TestContext.Current.CancellationToken);
            using (file)
            {
                // And it goes on from there.
                var line = file.Chain.Add(Record("later"));
                file.Append(line);
                await mirror.AppendAsync(line, TestContext.Current.CancellationToken);
                lines.Add(line);
            }
            var copy = await new JournalMirror(control, "dalp", "one").ReadAsync(null, TestContext.Current.CancellationToken);
            Assert.Equal(lines, copy.Lines);
            names = [.. platform.Standby.Notes.Keys.Order(StringComparer.Ordinal)];
        }
    }

    [Theory]
    [InlineData("no journal here")]
    [InlineData("a journal that ends before")]
    [InlineData("another story")]
    public async Task What_nobody_here_can_bring_back_is_told_with_where_the_rest_is(string who)
    {
        using var platform = new TestPlatform();
        var (control, store) = (platform.World().Standby.Control, new FailoverStore(folder));
        var lines = await MirroredAsync(control, 60);
        platform.Standby.Notes.Remove("dalpha-journal-one-0002");
        var here = who switch
        {
            "no journal here" => [],
            "a journal that ends before" => lines[..2],
            _ => Other(),
        };
        System.IO.File.WriteAllText(File, string.Concat(here.Select(line => line + "\n")));
        var before = platform.Standby.Notes.Values.Select(note => note.Version).ToList();
        var error = await Assert.ThrowsAsync<DalpException>(() => store.OpenAsync("one", control, "dalp", TestContext.Current.CancellationToken));
        Assert.Equal("JournalCopyIncomplete", error.ErrorId);
        Assert.Contains("kubectl get configmaps --namespace dalp --selector dalpha.io/journal=one --output yaml", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(before, platform.Standby.Notes.Values.Select(note => note.Version));

        List<string> Other()
        {
            var chain = new JournalChain();
            return [.. Enumerable.Range(0, 70).Select(number => chain.Add(Record($"other {number}")))];
        }
    }

    [Theory]
    [InlineData("\"event\":\"Done\"", "\"event\":\"Reconciled\"", "JournalNewer")]
    [InlineData("\"data\":{\"k\":\"v\"}", "\"data\":{\"k\":{\"nested\":1}}", "JournalNewer")]
    [InlineData("\"sequence\":2", "\"sequence\":7", "JournalBroken")]
    public void What_a_newer_DalpHa_wrote_is_told_as_that_and_not_as_changed(string known, string unknown, string error)
    {
        var chain = new JournalChain();
        chain.Add(Record("declared") with { Event = JournalEvent.Declared, Data = new Dictionary<string, string> { ["version"] = "9.8.7" } });
        var (before, head) = (chain.Lines[0], chain.Head);
        chain.Add(Record("newer"));
        // As the other one would have written it: with the hash that it has then.
        var json = chain.Lines[1][(chain.Lines[1].IndexOf("\"record\":", StringComparison.Ordinal) + 9)..^1].Replace(known, unknown, StringComparison.Ordinal);
        Assert.Contains(unknown, json, StringComparison.Ordinal);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(head + json)));
        var text = $"{before}\n{{\"hash\":\"{hash}\",\"prev\":\"{head}\",\"record\":{json}}}\n";

        var told = Assert.Throws<DalpException>(() => JournalChain.Read(text, "test"));
        Assert.Equal(error, told.ErrorId);
        Assert.Equal(error == "JournalNewer", told.Message.Contains("9.8.7", StringComparison.Ordinal));
        // One that was changed afterwards is still told as that.
        Assert.Equal("JournalBroken", Assert.Throws<DalpException>(() => JournalChain.Read(text.Replace("\"newer\"", "\"other\"", StringComparison.Ordinal), "test")).ErrorId);
    }

    [Fact]
    public void One_process_holds_it()
    {
        using var journal = JournalFile.Open(File);
        Assert.Equal("JournalRefused", Assert.Throws<DalpException>(() => JournalFile.Open(File)).ErrorId);
    }

    private static FailoverAction ActionOf(string name) => new()
    {
        Name = name,
        Site = "east",
        Outcome = "it is out of recovery",
        LookAsync = _ => Task.FromResult(Sighting.Yes("")),
        ActAsync = _ => Task.CompletedTask,
        Timeout = TimeSpan.FromSeconds(1),
    };

    private static JournalRecord Record(string text) =>
        new(0, new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero), JournalEvent.Done, "freeze", "Scale", text, "operator@laptop", new Dictionary<string, string> { ["k"] = "v" });

    // Long enough for some parts.
    private async Task<List<string>> MirroredAsync(Core.Ports.IClusterControl control, int count)
    {
        var mirror = new JournalMirror(control, "dalp", "one");
        using var file = JournalFile.Open(File);
        for (var i = 0; i < count; i++)
        {
            var line = file.Chain.Add(Record($"{i} {new string('x', 12_000)}"));
            file.Append(line);
            await mirror.AppendAsync(line, TestContext.Current.CancellationToken);
        }
        return [.. file.Chain.Lines];
    }

    private JournalChain Write(int count)
    {
        using var journal = JournalFile.Open(File);
        for (var i = 0; i < count; i++)
        {
            journal.Append(journal.Chain.Add(Record($"Größe „x“ \n {i}")));
        }
        return journal.Chain;
    }
}
