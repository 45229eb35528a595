using System.Text.Json;
using System.Text.RegularExpressions;
using DalpHa.Core.Replication;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>Reads the document of <see cref="SampleQuery"/>.</summary>
internal static partial class SampleReader
{
    /// <exception cref="JsonException">It is not that document.</exception>
    /// <exception cref="FormatException">A value of it does not mean what it should.</exception>
    public static DatabaseSample Read(string server, string json)
    {
        var row = JsonSerializer.Deserialize<Document>(json, JsonSerializerOptions.Web) ?? throw new JsonException("The document is empty.");
        return new DatabaseSample(
            server,
            row.Time,
            row.StartedAt,
            row.Version,
            row.System,
            row.Timeline,
            row.InRecovery,
            row.ReadOnly,
            Lsn.Parse(row.Current),
            Lsn.Parse(row.Received),
            Lsn.Parse(row.Replayed),
            row.ReplayedCommitAt,
            row.ReplayPaused,
            row.RestoreCommand,
            row.Receiver is { } receiver ? ReadReceiver(receiver) : null,
            [.. row.Senders.Select(ReadSender)],
            [.. row.Slots.Select(slot => new ReplicationSlot(slot.Name, slot.Active, slot.Pid, slot.WalStatus, slot.SafeSize, Lsn.Parse(slot.Restart)))],
            row.Archiver is { } archiver ? new WalArchiver(archiver.Wal, archiver.At, archiver.FailedAt) : null,
            row.SeesAll)
        {
            StatusInterval = TimeSpan.FromSeconds(row.StatusInterval ?? 10),
            ReceiverTimeout = TimeSpan.FromMilliseconds(row.ReceiverTimeout ?? 60_000),
        };
    }

    private static WalReceiver ReadReceiver(ReceiverRow row) =>
        new(row.Status ?? "", row.Host, row.Port, row.Slot is "" ? null : row.Slot, Lsn.Parse(row.End), row.MessageAt)
        {
            ApplicationName = ApplicationName().Match(row.Conninfo ?? "") is { Success: true } match ? match.Groups[1].Value : null,
        };

    private static WalSender ReadSender(SenderRow row) => new(
        row.Pid,
        row.Application ?? "",
        row.Address,
        row.State ?? "",
        Lsn.Parse(row.Sent),
        Lsn.Parse(row.Flushed),
        Lsn.Parse(row.Replayed),
        row.ReplyAt,
        row.Sync ?? "");

    // The server shows a connection's settings unquoted, each as name=value: a value ends where the next name begins.
    [GeneratedRegex(@"(?:^| )application_name=(.*?)(?= [a-z_]+=|$)", RegexOptions.CultureInvariant)]
    private static partial Regex ApplicationName();

    private sealed record Document(
        DateTimeOffset Time,
        DateTimeOffset StartedAt,
        int Version,
        string System,
        bool InRecovery,
        int Timeline,
        bool ReadOnly,
        string? Current,
        string? Received,
        string? Replayed,
        DateTimeOffset? ReplayedCommitAt,
        bool ReplayPaused,
        bool? RestoreCommand,
        int? StatusInterval,
        int? ReceiverTimeout,
        ReceiverRow? Receiver,
        IReadOnlyList<SenderRow> Senders,
        IReadOnlyList<SlotRow> Slots,
        ArchiverRow? Archiver,
        bool SeesAll);

    private sealed record ReceiverRow(string? Status, string? Host, int? Port, string? Slot, string? End, DateTimeOffset? MessageAt, string? Conninfo);

    private sealed record SenderRow(
        int Pid, string? Application, string? Address, string? State, string? Sent, string? Flushed, string? Replayed, DateTimeOffset? ReplyAt, string? Sync);

    private sealed record SlotRow(string Name, bool Active, int? Pid, string? WalStatus, long? SafeSize, string? Restart);

    private sealed record ArchiverRow(string? Wal, DateTimeOffset? At, DateTimeOffset? FailedAt);
}
