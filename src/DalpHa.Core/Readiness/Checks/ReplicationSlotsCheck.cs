using System.Runtime.CompilerServices;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>The primary's physical replication slots are in use and still hold the WAL that they promise.</summary>
public sealed class ReplicationSlotsCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public string Name => "ReplicationSlots";

    /// <inheritdoc/>
    public string Description => "The primary's replication slots are in use, and the WAL that they hold is safe.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var standbyRead = context.Replication.GetServersAsync(SiteRole.Standby);
        var servers = await context.Replication.GetServersAsync(SiteRole.Active).WaitAsync(cancellationToken).ConfigureAwait(false);
        var primary = servers.Select(server => server.Sample).FirstOrDefault(sample => sample is { IsInRecovery: false });
        if (primary is null)
        {
            var failure = servers.Select(server => server.Failure).FirstOrDefault(failure => failure is not null);
            yield return servers.Count == 0
                ? Finding.Unknown(
                    context.Active.Name, "slots", "not declared", "healthy slots", "The topology does not name the active's database.",
                    "Declare it in the topology (sites.active.database.servers).")
                : Finding.Unknown(
                    context.Active.Name, "slots", "no primary seen", "healthy slots", failure?.Message ?? "No server of the active site is a primary.",
                    failure?.RecommendedAction ?? "See what the check Database says.");
            yield break;
        }
        var findings = primary.Slots.Select(slot => Judge(context.Active.Name, slot)).OfType<Finding>().ToList();
        foreach (var finding in findings)
        {
            yield return finding;
        }
        var standby = await standbyRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var held = servers.Concat(standby).SelectMany(server => server.Sample?.Slots ?? []).Select(slot => slot.Name).ToHashSet(StringComparer.Ordinal);
        // A slot that another consumer uses holds nothing for this standby.
        var unheld = standby.Where(server => server.Sample is { IsInRecovery: true, HasRestoreCommand: not true } sample && (sample.Receiver?.SlotName is not { } slot || !held.Contains(slot))).ToList();
        foreach (var server in unheld.Where(_ => primary.Slots.Count > 0))
        {
            findings.Add(Finding.Warn(
                server.Site, server.Server, "uses no slot", "slot or archive",
                "The primary has slots, and none of them is known to be this standby's: nothing makes the primary keep the WAL that it still needs, and no archive is seen on it.",
                "Let it use a physical slot (primary_slot_name), or give it a restore_command."));
            yield return findings[^1];
        }
        if (primary.Slots.Count > 0)
        {
            if (findings.Count == 0)
            {
                yield return Finding.Pass(context.Active.Name, primary.Server, $"{Wording.Count(primary.Slots.Count, "slot")} in use", "in use, WAL safe");
            }
            yield break;
        }
        var archive = standby.Count > 0 && standby.All(server => server.Sample?.HasRestoreCommand == true);
        yield return archive
            ? Finding.Pass(context.Active.Name, primary.Server, "no slot, archive", "slot or archive", "The standby restores from an archive what it misses while the link is down.")
            : Finding.Warn(
                context.Active.Name, primary.Server, "no slot", "slot or archive",
                "Nothing makes the primary keep the WAL that the standby still needs, and no archive is seen on the standby: after a longer cut of the link the standby must be rebuilt.",
                "Let the standby use a physical slot (primary_slot_name), or give it a restore_command.");
    }

    private static Finding? Judge(string site, ReplicationSlot slot)
    {
        var target = $"slot {slot.Name}";
        return slot switch
        {
            { WalStatus: "lost" } => Finding.Fail(
                site, target, "lost", "in use, WAL safe", "The WAL that the slot should hold is gone: its standby can't catch up any more.",
                "Rebuild the standby, or let it restore from the archive; then make the slot anew."),
            { WalStatus: "unreserved" } => Finding.Fail(
                site, target, "unreserved", "in use, WAL safe", "The next checkpoint may remove the WAL that the standby still needs (max_slot_wal_keep_size is exceeded).",
                "Get the standby to stream again now, or raise max_slot_wal_keep_size."),
            { WalStatus: not (null or "reserved" or "extended") } => Finding.Unknown(
                site, target, slot.WalStatus, "in use, WAL safe", "The server gives the slot a state that DalpHa does not know.", "Look it up under pg_replication_slots in the manual of the server's version."),
            { IsActive: false } => Finding.Warn(
                site, target, "inactive", "in use, WAL safe",
                "No standby uses the slot" + (slot.SafeWalSizeBytes is { } safe ? $": after {Wording.Bytes(safe)} more of WAL it is in danger of being lost." : ", and the primary keeps WAL for it without a limit until its disk is full."),
                $"Bring its standby back; if it has none any more, drop it: SELECT pg_drop_replication_slot('{slot.Name}')"),
            _ => null,
        };
    }
}
