using DalpHa.Core.Replication;
using Microsoft.Extensions.Time.Testing;
using static DalpHa.Core.Tests.Replication.Samples;

namespace DalpHa.Core.Tests.Replication;

public sealed class ReplicationMemoryTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-memory-").FullName;
    private readonly List<string> warnings = [];

    private readonly FakeTimeProvider clock = new(Now);

    private ReplicationMemory Memory => new(folder, warnings.Add);

    private static ReplicationHistory Some => ReplicationHistory.Empty.Add(Primary(0x16_B374_D848), Now) with
    {
        LastHealthyAt = Now,
        LastReplayLsn = new Lsn(5),
        Slot = "standby",
    };

    [Fact]
    public void What_is_saved_is_loaded_and_kept_apart()
    {
        Memory.Save("production", "s1", Some);
        var loaded = Load("production", "s1");
        Assert.Equal(Some.Points, loaded.Points);
        Assert.Equal(Some with { Points = loaded.Points }, loaded);
        Assert.Empty(Load("production", "s2").Points);
        Assert.Empty(Load("production/s1", "").Points);
        Assert.Empty(warnings);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"points\": [")]
    [InlineData("null")]
    [InlineData("{ \"points\": null }")]
    [InlineData("{ \"points\": [ null ] }")]
    [InlineData("{ \"points\": [ { \"position\": \"nonsense\" } ] }")]
    public void A_damaged_file_is_moved_aside_with_a_warning(string content)
    {
        Memory.Save("production", "s1", Some);
        var file = Assert.Single(Directory.GetFiles(folder));
        File.WriteAllText(file, content);
        Assert.Equal(ReplicationHistory.Empty, Load("production", "s1"));
        Assert.Contains("begun anew", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(file + ".unreadable"));
        Memory.Save("production", "s1", Some);
        Assert.Single(Load("production", "s1").Points);
    }

    [Fact]
    public void A_file_of_a_newer_version_is_neither_understood_nor_touched()
    {
        Memory.Save("production", "s1", Some);
        var file = Assert.Single(Directory.GetFiles(folder));
        const string Newer = """{ "version": 2, "points": "kept otherwise", "slot": "standby" }""";
        File.WriteAllText(file, Newer);
        var memory = Memory;
        Assert.Equal(ReplicationHistory.Empty, memory.Load("production", "s1", clock));
        memory.Save("production", "s1", Some);
        Assert.Contains("newer DalpHa", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal([file], Directory.GetFiles(folder));
        Assert.Equal(Newer, File.ReadAllText(file));
    }

    [Fact]
    public void Moments_that_lie_ahead_are_left_out_with_a_warning()
    {
        var later = Now.AddMinutes(5);
        Memory.Save("production", "s1", Some.Add(Primary(0x16_B374_D900), later) with { LastHealthyAt = later });
        var loaded = Load("production", "s1");
        Assert.Equal(Some.Points, loaded.Points);
        Assert.Null(loaded.LastHealthyAt);
        Assert.Contains("Check the clock", Assert.Single(warnings), StringComparison.Ordinal);
        clock.SetUtcNow(later);
        Assert.Equal(later, Load("production", "s1").LastHealthyAt);
        Assert.Single(warnings);
    }

    [Fact]
    public void A_full_disk_is_a_warning_and_the_old_file_stands()
    {
        using var disk = SmallDisk.Mount();
        var memory = new ReplicationMemory(disk.Path, warnings.Add);
        memory.Save("production", "s1", Some);
        disk.Fill();
        memory.Save("production", "s1", Some with { Slot = new string('x', 200_000) });
        Assert.Contains("can't be written", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal("standby", memory.Load("production", "s1", clock).Slot);
        disk.Free();
        memory.Save("production", "s1", Some with { Slot = "other" });
        Assert.Equal("other", memory.Load("production", "s1", clock).Slot);
        Assert.Single(Directory.GetFiles(disk.Path));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_a_warning()
    {
        var file = Path.Combine(folder, "not-a-folder");
        File.WriteAllText(file, "");
        var memory = new ReplicationMemory(Path.Combine(file, "below"), warnings.Add);
        memory.Save("production", "s1", Some);
        Assert.Contains("can't be written", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_at_the_same_time_leave_one_whole_file()
    {
        Parallel.For(0, 50, i => new ReplicationMemory(folder, _ => { }).Save("production", "s1", Some with { Slot = new string('x', i * 100) }));
        Assert.StartsWith("x", Load("production", "s1").Slot + "x", StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(folder));
        Assert.Empty(warnings);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private ReplicationHistory Load(string topology, string standby) => Memory.Load(topology, standby, clock);
}
