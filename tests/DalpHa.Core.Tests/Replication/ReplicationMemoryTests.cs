using DalpHa.Core.Replication;
using static DalpHa.Core.Tests.Replication.Samples;

namespace DalpHa.Core.Tests.Replication;

public sealed class ReplicationMemoryTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-memory-").FullName;
    private readonly List<string> warnings = [];

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
        var loaded = Memory.Load("production", "s1");
        Assert.Equal(Some.Points, loaded.Points);
        Assert.Equal(Some with { Points = loaded.Points }, loaded);
        Assert.Empty(Memory.Load("production", "s2").Points);
        Assert.Empty(Memory.Load("production/s1", "").Points);
        Assert.Empty(warnings);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"points\": [")]
    [InlineData("null")]
    [InlineData("{ \"points\": null }")]
    [InlineData("{ \"points\": [ { \"position\": \"nonsense\" } ] }")]
    public void A_damaged_file_is_moved_aside_with_a_warning(string content)
    {
        Memory.Save("production", "s1", Some);
        var file = Assert.Single(Directory.GetFiles(folder));
        File.WriteAllText(file, content);
        Assert.Equal(ReplicationHistory.Empty, Memory.Load("production", "s1"));
        Assert.Contains("begun anew", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(file + ".unreadable"));
        Memory.Save("production", "s1", Some);
        Assert.Single(Memory.Load("production", "s1").Points);
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
        Assert.StartsWith("x", Memory.Load("production", "s1").Slot + "x", StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(folder));
        Assert.Empty(warnings);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
