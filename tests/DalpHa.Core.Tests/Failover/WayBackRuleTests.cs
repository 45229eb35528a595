using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Failover;

/// <summary>What is found of a promoted server, for everything that it may have or lack.</summary>
public sealed class WayBackRuleTests
{
    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Lsn Fork = new(5000);

    private static ServerProvision Good => new(
        Noon,
        IsInRecovery: false,
        Timeline: 2,
        [Physical("west", 4000)],
        Attached: [],
        SynchronousStandbyNames: "",
        new WalArchiving("on", HasMethod: true, new WalArchiver("000000020000000000000003", Noon, null)),
        new RewindBasis(HasChecksums: true, LogsHints: false, WritesFullPages: true),
        WalKeepBytes: 0,
        MaxSlotWalKeepBytes: null);

    private static PromotedView GoodView => new("east", "pg-east", Good) { History = new TimelineHistory([new TimelineSwitch(1, Fork)], 2), Former = Good with { Timeline = 1 }, FormerNames = ["pg-west"] };

    [Fact]
    public void Where_nothing_is_missing_every_finding_passes_and_each_check_has_one()
    {
        var found = WayBackRule.Judge(GoodView);
        Assert.All(found, one => Assert.Equal((CheckStatus.Pass, "east", "pg-east"), (one.Finding.Status, one.Finding.Site, one.Finding.Target)));
        Assert.Equal(["Timeline", "SynchronousCommit", "WalArchive", "ReturnSlot", "Rewind", "LogicalSlots"], found.Select(one => one.Check));
        Assert.Contains($"left 1 at {Fork}", Of(GoodView, "Timeline").Observed, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fork_that_can_not_be_seen_is_unknown_and_a_server_without_one_was_not_promoted()
    {
        var denied = GoodView with { History = null, HistoryFailure = new DalpException("DatabasePermissionDenied", FaultKind.Forbidden, "May not read it.", "GRANT it.", "pg") };
        Assert.Equal((CheckStatus.Unknown, "May not read it.", "GRANT it."), (Of(denied, "Timeline").Status, Of(denied, "Timeline").Detail, Of(denied, "Timeline").Remediation));
        Assert.Equal(CheckStatus.Warn, Of(GoodView with { Now = Good with { Timeline = 1 }, History = new TimelineHistory([], 1) }, "Timeline").Status);
    }

    [Theory]
    [InlineData("", "", CheckStatus.Pass)]
    [InlineData("west", "west", CheckStatus.Pass)]
    [InlineData("west", "", CheckStatus.Warn)]
    [InlineData("west", "other", CheckStatus.Warn)]
    [InlineData("west", null, CheckStatus.Unknown)]
    [InlineData("", null, CheckStatus.Pass)]
    public void Commits_that_wait_for_somebody_who_is_not_there_are_told(string names, string? attached, CheckStatus expected)
    {
        var view = GoodView with { Now = Good with { SynchronousStandbyNames = names, Attached = attached?.Split(',', StringSplitOptions.RemoveEmptyEntries) } };
        Assert.Equal(expected, Of(view, "SynchronousCommit").Status);
        Assert.Equal(expected == CheckStatus.Warn ? CheckStatus.Fail : expected, WayBackRule.Commits("east", "pg-east", null, view.Now, CheckStatus.Fail).Status);
    }

    public static TheoryData<string, bool, string?, int?, int?, CheckStatus> Archives => new()
    {
        { "off", false, null, null, null, CheckStatus.Warn },
        { "on", false, null, null, null, CheckStatus.Warn },
        { "on", true, null, null, null, CheckStatus.Unknown },
        { "always", true, "000000010000000000000009", 0, null, CheckStatus.Unknown },
        { "on", true, "00000002.history", 0, null, CheckStatus.Pass },
        { "on", true, "000000020000000000000004", 2, 1, CheckStatus.Pass },
        { "on", true, "000000020000000000000004", 1, 2, CheckStatus.Warn },
        { "on", true, null, null, 1, CheckStatus.Warn },
    };

    [Theory]
    [MemberData(nameof(Archives))]
    public void An_archive_counts_when_it_has_taken_something_of_this_timeline(string mode, bool hasMethod, string? wal, int? archivedAt, int? failedAt, CheckStatus expected)
    {
        static DateTimeOffset? At(int? minute) => minute is { } past ? Noon.AddMinutes(past) : null;
        var now = Good with { Archiving = new WalArchiving(mode, hasMethod, new WalArchiver(wal, At(archivedAt), At(failedAt))) };
        Assert.Equal(expected, Of(GoodView with { Now = now }, "WalArchive").Status);
    }

    [Fact]
    public void A_slot_counts_for_the_return_when_it_is_free_sound_and_reaches_back_to_the_fork()
    {
        Assert.Contains("pg_create_physical_replication_slot('pg_west', true)", Slots().Remediation, StringComparison.Ordinal);
        Assert.Equal(CheckStatus.Warn, Slots().Status);
        Assert.Equal(CheckStatus.Pass, Slots(Physical("west", 5000)).Status);
        Assert.Equal(CheckStatus.Warn, Slots(Physical("west", 5001)).Status);
        Assert.Equal(CheckStatus.Warn, Slots(Physical("west", null)).Status);
        Assert.Equal(CheckStatus.Warn, Slots(Physical("west", 4000) with { WalStatus = "unreserved" }).Status);
        Assert.Equal(CheckStatus.Warn, Slots(Physical("west", 4000) with { IsActive = true }).Status);
        Assert.Equal(CheckStatus.Warn, Slots(Physical("west", 4000) with { IsLogical = true }).Status);
        var lost = Slots(Physical("west", 4000) with { WalStatus = "lost" });
        Assert.Equal(CheckStatus.Warn, lost.Status);
        Assert.Contains("pg_drop_replication_slot('west')", lost.Remediation, StringComparison.Ordinal);
        // Who has come back needs no slot to be held for him.
        Assert.Equal(CheckStatus.Pass, Of(GoodView with { Now = Good with { Slots = [], Attached = ["pg-west"] } }, "ReturnSlot").Status);

        static Finding Slots(params ProvidedSlot[] slots) => Of(GoodView with { Now = Good with { Slots = slots } }, "ReturnSlot");
    }

    [Fact]
    public void What_bounds_the_wal_that_is_kept_is_told()
    {
        Assert.Contains("watch the disk", Of(GoodView, "ReturnSlot").Detail, StringComparison.Ordinal);
        Assert.Contains("1 GiB", Of(GoodView with { Now = Good with { MaxSlotWalKeepBytes = 1L << 30 } }, "ReturnSlot").Detail, StringComparison.Ordinal);
        Assert.Contains("the next checkpoints remove it", Of(GoodView with { Now = Good with { Slots = [] } }, "ReturnSlot").Detail, StringComparison.Ordinal);
        Assert.Contains("keeps the last 512 MiB", Of(GoodView with { Now = Good with { Slots = [], WalKeepBytes = 512L << 20 } }, "ReturnSlot").Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("c-f", "c-f", CheckStatus.Pass)]
    [InlineData("--f", "-hf", CheckStatus.Pass)]
    [InlineData("c-f", "--f", CheckStatus.Warn)]
    [InlineData("chf", "ch-", CheckStatus.Warn)]
    [InlineData("ch-", "chf", CheckStatus.Warn)]
    [InlineData("c-f", null, CheckStatus.Pass)]
    [InlineData("-hf", null, CheckStatus.Unknown)]
    [InlineData("--f", null, CheckStatus.Warn)]
    public void A_rewind_is_judged_by_the_former_primary_where_it_was_seen(string here, string? there, CheckStatus expected)
    {
        static RewindBasis Basis(string letters) => new(letters[0] == 'c', letters[1] == 'h', letters[2] == 'f');
        var view = GoodView with { Now = Good with { Rewind = Basis(here) }, Former = there is null ? null : Good with { Rewind = Basis(there) } };
        Assert.Equal(expected, Of(view, "Rewind").Status);
    }

    [Fact]
    public void Logical_slots_that_the_former_primary_had_and_the_new_one_has_not_are_lost()
    {
        var (cdc, gone) = (Physical("cdc", 4000) with { IsLogical = true }, Physical("gone", 4000) with { IsLogical = true });
        Assert.Equal((CheckStatus.Pass, "cdc came along"), Seen([cdc], [cdc]));
        Assert.Equal((CheckStatus.Warn, "gone is lost"), Seen([cdc], [cdc, gone]));
        Assert.Equal((CheckStatus.Warn, "cdc is lost"), Seen([cdc with { Invalid = "rows_removed" }], [cdc]));
        Assert.Equal((CheckStatus.Pass, "the former primary had none"), Seen([], []));
        Assert.Equal((CheckStatus.Unknown, "1 logical slot here"), Seen([cdc], null));
        Assert.Equal((CheckStatus.Warn, "cdc can't be used"), Seen([cdc with { WalStatus = "lost" }], null));

        static (CheckStatus, string) Seen(ProvidedSlot[] here, ProvidedSlot[]? there)
        {
            var finding = Of(GoodView with { Now = Good with { Slots = here }, Former = there is null ? null : Good with { Slots = there } }, "LogicalSlots");
            return (finding.Status, finding.Observed);
        }
    }

    [Theory]
    [InlineData(WayBackKind.DemotedCluster, CheckStatus.Pass)]
    [InlineData(WayBackKind.LostCluster, CheckStatus.Warn)]
    public void A_Cluster_comes_back_by_its_token_and_needs_no_slot_and_no_rewind(WayBackKind kind, CheckStatus expected)
    {
        var found = WayBackRule.Judge(GoodView with { Kind = kind });
        Assert.Equal(["Timeline", "SynchronousCommit", "WalArchive", "ReturnCluster", "LogicalSlots"], found.Select(one => one.Check));
        Assert.Equal(expected, found.Single(one => one.Check == "ReturnCluster").Finding.Status);
    }

    [Fact]
    public void Nobody_is_told_to_set_by_SQL_what_an_operator_keeps()
    {
        var bad = Good with { Timeline = 1, Slots = [], SynchronousStandbyNames = "west", Rewind = new RewindBasis(false, false, false) };
        WalArchiving[] archives = [new("off", false, new(null, null, null)), new("on", false, new(null, null, null)), new("on", true, new(null, null, Noon))];
        foreach (var archive in archives)
        {
            var view = GoodView with { Now = bad with { Archiving = archive }, History = null, Kind = WayBackKind.LostCluster, Cluster = "pg-east-db" };
            Assert.All(WayBackRule.Judge(view), one => Assert.DoesNotMatch("ALTER SYSTEM|archive_command|archive_mode and|pg_reload_conf", one.Finding.Remediation));
            Assert.All(new[] { "SynchronousCommit", "WalArchive" }, check => Assert.Contains("Cluster/pg-east-db", Of(view, check).Remediation, StringComparison.Ordinal));
            Assert.Contains("pg_reload_conf", Of(view with { Cluster = null }, "SynchronousCommit").Remediation, StringComparison.Ordinal);
        }
    }

    private static ProvidedSlot Physical(string name, int? restart) => new(name, IsLogical: false, IsActive: false, "reserved", restart is { } at ? new Lsn((ulong)at) : null, Invalid: null);

    private static Finding Of(PromotedView view, string check) => WayBackRule.Judge(view).Single(one => one.Check == check).Finding;
}
