using DalpHa.Infrastructure.Postgres;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>What PostgreSQL's programs say of a stopped server's files is taken in its known form, and in no other.</summary>
public sealed class StoppedFilesTests
{
    private static readonly string[] Control =
    [
        "pg_control version number:            1300",
        "Database system identifier:           7712335781940091946",
        "Database cluster state:               shut down",
        "Latest checkpoint location:           0/1516B20",
        "Latest checkpoint's REDO location:    0/1516AF8",
        "Latest checkpoint's TimeLineID:       1",
        "Latest checkpoint's NextXID:          0:730",
        "Latest checkpoint's oldestActiveXID:  0",
        "Latest checkpoint's oldestCommitTsXid:0",
        "Time of latest checkpoint:            Thu Nov 26 04:41:45 2026",
        "Minimum recovery ending location:     0/0",
        "Min recovery ending loc's timeline:   0",
        "WAL block size:                       8192",
        "Bytes per WAL segment:                16777216",
    ];

    [Fact]
    public void A_control_file_is_read()
    {
        var control = ControlData.Parse(Control);
        Assert.Equal(("7712335781940091946", true, false, 1), (control.SystemIdentifier, control.IsShutDown, control.IsInRecovery, control.Timeline));
        Assert.Equal(("0/1516B20", "0/1516AF8", 730U, 0U), (control.Checkpoint.ToString(), control.Redo.ToString(), control.NextTransactionId, control.OldestActiveTransactionId));
        Assert.Equal((8192U, 16777216U), (control.WalBlockSize, control.SegmentSize));
    }

    [Theory]
    [InlineData("Latest checkpoint's TimeLineID", "1", "Min recovery ending loc's timeline", "2", 2)]
    [InlineData("Latest checkpoint's TimeLineID", "3", "Min recovery ending loc's timeline", "0", 3)]
    public void Until_its_first_checkpoint_a_promoted_server_has_the_timeline_that_its_recovery_ended_on(string first, string one, string second, string two, int timeline) =>
        Assert.Equal(timeline, ControlData.Parse(With(With(Control, first, one), second, two)).Timeline);

    [Theory]
    [InlineData("Database cluster state", "starting up")]
    [InlineData("Database cluster state", "heruntergefahren")]
    [InlineData("Database system identifier", "-1")]
    [InlineData("Latest checkpoint location", "0/0")]
    [InlineData("Latest checkpoint's REDO location", "1516AF8")]
    [InlineData("Latest checkpoint's TimeLineID", "0")]
    [InlineData("Latest checkpoint's NextXID", "730")]
    [InlineData("Minimum recovery ending location", "none")]
    [InlineData("WAL block size", "8 kB")]
    [InlineData("Bytes per WAL segment", null)]
    [InlineData("Latest checkpoint's oldestActiveXID", null)]
    [InlineData("WARNING", " Calculated CRC checksum does not match value stored in file.")]
    public void A_control_file_of_another_form_is_refused(string label, string? value) => Assert.Throws<FormatException>(() => ControlData.Parse(With(Control, label, value)));

    [Theory]
    [InlineData("COMMIT 2026-11-26 04:41:45.230546 UTC", "2026-11-26T04:41:45.2305460+00:00")]
    [InlineData("COMMIT 2026-11-26 04:41:45.230546 UTC; inval msgs: catcache 55 catcache 54", "2026-11-26T04:41:45.2305460+00:00")]
    [InlineData("COMMIT_PREPARED 728: 2026-11-26 04:41:45.282705 UTC", "2026-11-26T04:41:45.2827050+00:00")]
    [InlineData("ABORT 2026-11-26 04:41:45.296664 UTC", null)]
    [InlineData("ABORT_PREPARED 728: 2026-11-26 04:41:45.296664 UTC", null)]
    [InlineData("PREPARE gid a: 2026-11-26 04:41:45.272013 UTC", null)]
    [InlineData("ASSIGNMENT xtop 725: subxacts: 726", null)]
    [InlineData("INVALIDATION ; inval msgs: catcache 55", null)]
    public void A_transactions_record_is_a_commit_or_not(string description, string? at) =>
        Assert.Equal(at, WalRecord.Parse(Line(description)).CommittedAt?.ToString("O"));

    [Theory]
    [InlineData("COMMIT 2026-11-26 04:41:45.230546 CET")]
    [InlineData("COMMIT 26.11.2026 04:41:45 UTC")]
    [InlineData("COMMIT")]
    [InlineData("UNKNOWN (70)")]
    public void A_record_of_another_form_is_refused_and_not_passed_over(string description) => Assert.Throws<FormatException>(() => _ = WalRecord.Parse(Line(description)).CommittedAt);

    [Theory]
    [InlineData("")]
    [InlineData("rmgr: Transaction len (rec/tot):     34/    34, tx:        725, lsn: 0/01516858")]
    [InlineData("BKPBLOCK #0")]
    public void A_line_that_shows_no_record_is_refused(string line) => Assert.Throws<FormatException>(() => WalRecord.Parse(line));

    private static string Line(string description) => $"rmgr: Transaction len (rec/tot):     34/    34, tx:        725, lsn: 0/01516858, prev 0/01516818, desc: {description}";

    private static string[] With(string[] lines, string label, string? value) =>
        [.. lines.Where(line => !line.StartsWith(label + ":", StringComparison.Ordinal)), .. value is null ? (string[])[] : [$"{label}: {value}"]];
}
