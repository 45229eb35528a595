using DalpHa.Core.Errors;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Replication;

/// <summary>A healthy pair, idle, and ways to make it less so.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public static readonly LagThreshold Threshold = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60));

    public static DatabaseSample Primary(ulong position = 1000, string name = "p1") => new(
        name, Now, Now.AddDays(-1), 150018, "7", 1, IsInRecovery: false, IsReadOnly: false, new Lsn(position), null, null, null, false, false, null,
        [new WalSender(77, "s1", "10.0.0.2", "streaming", new Lsn(position), new Lsn(position), new Lsn(position), Now.AddSeconds(-3), "async")],
        [new ReplicationSlot("standby", true, 77, "reserved", null, new Lsn(900))],
        null,
        CanSeeAll: true);

    public static DatabaseSample Standby(ulong received = 1000, ulong replayed = 1000, string name = "s1") => new(
        name, Now, Now.AddDays(-1), 150018, "7", 1, IsInRecovery: true, IsReadOnly: false, null, new Lsn(received), new Lsn(replayed), Now.AddSeconds(-5), false, false,
        new WalReceiver("streaming", "10.0.0.1", 5432, "standby", new Lsn(received), Now.AddSeconds(-3)) { ApplicationName = "s1" },
        [], [], null, CanSeeAll: true);

    public static ServerObservation Seen(this DatabaseSample sample, string site = "standby") => new(sample.Server, site, sample, null);

    public static ServerObservation Unseen(string server, string site = "active") =>
        new(server, site, null, new DalpException("DatabaseUnreachable", FaultKind.Unreachable, $"Database server {server} can't be reached: refused.", "Start it."));

    public static DatabaseSample WithReceiver(this DatabaseSample sample, Func<WalReceiver, WalReceiver?> change) => sample with { Receiver = change(sample.Receiver!) };

    public static DatabaseSample WithSender(this DatabaseSample sample, Func<WalSender, WalSender> change) => sample with { Senders = [change(sample.Senders[0])] };

    public static DatabaseSample WithSlot(this DatabaseSample sample, Func<ReplicationSlot, ReplicationSlot> change) => sample with { Slots = [change(sample.Slots[0])] };

    public static DalpReplicationLag Estimate(
        DatabaseSample standby, DatabaseSample? primary, ReplicationHistory? history = null, IReadOnlyList<ServerObservation>? active = null, IReadOnlyList<ServerObservation>? peers = null) =>
        LagEstimator.Estimate(new LagQuestion(
            "standby", standby.Seen(), active ?? [primary?.Seen("active") ?? Unseen("p1")], peers ?? [], history ?? ReplicationHistory.Empty, Threshold, Now));
}
