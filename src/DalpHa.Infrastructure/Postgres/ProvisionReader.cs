using System.Text.Json;
using System.Text.Json.Serialization;
using DalpHa.Core.Replication;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>Reads the document of <see cref="ProvisionQuery"/>.</summary>
internal static class ProvisionReader
{
    /// <exception cref="JsonException">It is not that document.</exception>
    /// <exception cref="FormatException">A value of it does not mean what it should.</exception>
    public static ServerProvision Read(string json)
    {
        var row = JsonSerializer.Deserialize(json, ProvisionJson.Default.ProvisionRow) ?? throw new JsonException("The document is empty.");
        return new ServerProvision(
            row.Time,
            row.InRecovery,
            row.Timeline,
            [.. row.Slots.Select(slot => new ProvidedSlot(slot.Name, slot.Logical, slot.Active, slot.WalStatus, Lsn.Parse(slot.Restart), slot.Invalid))],
            // Without the role the state of others' connections is empty, and nobody would seem to stream.
            row.SeesAll ? row.Attached : null,
            row.Synchronous,
            new WalArchiving(row.ArchiveMode, row.Archives, new WalArchiver(row.Archiver.Wal, row.Archiver.At, row.Archiver.FailedAt)),
            new RewindBasis(row.Checksums, row.Hints, row.FullPages),
            row.Keep,
            row.SlotKeep < 0 ? null : row.SlotKeep);
    }
}

/// <summary>What <see cref="ProvisionQuery.Sql"/> gives.</summary>
internal sealed record ProvisionRow(
    DateTimeOffset Time,
    bool InRecovery,
    int Timeline,
    IReadOnlyList<ProvidedSlotRow> Slots,
    IReadOnlyList<string> Attached,
    string Synchronous,
    string ArchiveMode,
    bool Archives,
    ArchivedRow Archiver,
    bool Checksums,
    bool Hints,
    bool FullPages,
    long Keep,
    long SlotKeep,
    bool SeesAll);

/// <summary>A slot in it.</summary>
internal sealed record ProvidedSlotRow(string Name, bool Logical, bool Active, string? WalStatus, string? Restart, string? Invalid);

/// <summary>The archiver in it.</summary>
internal sealed record ArchivedRow(string? Wal, DateTimeOffset? At, DateTimeOffset? FailedAt);

/// <summary>Serialisation of the provision without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProvisionRow))]
internal sealed partial class ProvisionJson : JsonSerializerContext;
