using System.Text.Json;
using System.Text.Json.Serialization;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Replication;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>A PostgreSQL server over Npgsql, as it is changed. It keeps one connection, which a standby's promotion does not end.</summary>
internal sealed class DatabaseControl(DatabaseAddress address, TimeSpan timeout, TimeProvider time) : IDatabaseControl
{
    private static readonly TimeSpan ReloadPoll = TimeSpan.FromMilliseconds(5);
    private const int QuickLooks = 20;

    private readonly KeptConnection connection = new(address, timeout, ControlQueries.PrepareSession(timeout));

    public string Name => address.Name;

    public async Task<WriteActivity> ReadActivityAsync(CancellationToken cancellationToken)
    {
        var row = Parse(await connection.ReadAsync(ControlQueries.Activity, Need.Activity, cancellationToken).ConfigureAwait(false), ControlJson.Default.ActivityRow);
        // Without the role the columns of others' sessions are empty, and an empty column would read as a server on which nobody writes.
        return row.SeesAll
            ? new WriteActivity(
                row.Time, row.InRecovery, row.ReadOnly, row.NextId is { } id ? ulong.Parse(id, System.Globalization.CultureInfo.InvariantCulture) : null, row.Writers, row.Prepared, row.Sessions, Lsn.Parse(row.Current), row.Timeline)
            {
                IsReadOnlyByDefault = row.ByDefault,
                Overrides = row.Overrides,
                OlderSessions = row.Older,
                LeftAlone = [.. row.LeftAlone.Select(one => new OpenTransaction(one.Pid, one.User, one.Application, one.Since, one.Older))],
                EndLsn = Lsn.Parse(row.End),
                ReceivedLsn = Lsn.Parse(row.Received),
                ReplayedLsn = Lsn.Parse(row.Replayed),
            }
            : throw Fail("DatabasePermissionDenied", FaultKind.Forbidden, $"shows user '{address.UserName}' nothing of what others do: who writes can't be seen.", Need.Activity.Grant);
    }

    public async Task SetReadOnlyAsync(bool isReadOnly, CancellationToken cancellationToken)
    {
        // Asked before anything is changed: a freeze that some would write through is refused, and must leave nothing behind.
        if (isReadOnly && (await ReadDefaultAsync(cancellationToken).ConfigureAwait(false)).Overrides is { Count: > 0 } overrides)
        {
            throw Fail(
                "DatabaseReadOnlyOverridden",
                FaultKind.Conflict,
                $"has defaults of their own for {string.Join(", ", overrides)}, whose transactions would write on. Its setting was not changed.",
                "Take them away (ALTER ROLE … RESET default_transaction_read_only, ALTER DATABASE … RESET …), or stop who logs in there.");
        }
        await connection.ExecuteAsync(ControlQueries.SetReadOnly(isReadOnly), Need.ReadOnlyDefault, cancellationToken).ConfigureAwait(false);
        await connection.ReadAsync(ControlQueries.Reload, Need.ReadOnlyDefault, cancellationToken).ConfigureAwait(false);
        var started = time.GetTimestamp();
        // Whoever writes waits from now on, and a moment later it is so, as a rule. What keeps it from being so is only asked when it is not.
        for (var look = 0; isReadOnly && look < QuickLooks; look++)
        {
            if ((await ReadActivityAsync(cancellationToken).ConfigureAwait(false)).IsReadOnly)
            {
                return;
            }
            await Task.Delay(ReloadPoll, time, cancellationToken).ConfigureAwait(false);
        }
        DefaultRow now;
        do
        {
            now = await ReadDefaultAsync(cancellationToken).ConfigureAwait(false);
            if (now.Value == (isReadOnly ? "on" : "off") && !(isReadOnly && now.Overrides.Count > 0))
            {
                return;
            }
            await Task.Delay(ReloadPoll, time, cancellationToken).ConfigureAwait(false);
        }
        while (time.GetElapsedTime(started) < timeout);
        throw Fail(
            "DatabaseSettingIgnored",
            FaultKind.TimedOut,
            $"was told default_transaction_read_only = {(isReadOnly ? "on" : "off")}, and new sessions have it '{now.Value}', from {now.Source}"
            + (now.Overrides.Count > 0 ? $", and of their own: {string.Join(", ", now.Overrides)}." : "."),
            "Something stronger sets it: the server's command line, or a role or database of its own. Change it there; Resume-DalpWrite takes the freeze back.");
    }

    private async Task<DefaultRow> ReadDefaultAsync(CancellationToken cancellationToken) =>
        Parse(await connection.ReadAsync(ControlQueries.Default, Need.ReadOnlyDefault, cancellationToken).ConfigureAwait(false), ControlJson.Default.DefaultRow);

    public async Task<int> EndSessionsAsync(CancellationToken cancellationToken) =>
        int.Parse(await connection.ReadAsync(ControlQueries.EndSessions, Need.EndSessions, cancellationToken).ConfigureAwait(false), System.Globalization.CultureInfo.InvariantCulture);

    public async Task PromoteAsync(CancellationToken cancellationToken)
    {
        if (await connection.RunOnceAsync(ControlQueries.Promote, Need.Promotion, cancellationToken).ConfigureAwait(false) != "true")
        {
            throw Fail("DatabasePromotionNotSent", FaultKind.Unavailable, "could not tell its postmaster to promote it (pg_promote gave false).", "See the server's log; nothing was begun.");
        }
    }

    public async Task<WriteProof?> ProveWriteAsync(string note, CancellationToken cancellationToken)
    {
        var row = Parse(await ReadProofAsync(note, cancellationToken).ConfigureAwait(false), ControlJson.Default.ProofRow);
        return row is { Lsn: { } lsn, Id: { } id, Timeline: { } timeline }
            ? new WriteProof(row.Time, ulong.Parse(id, System.Globalization.CultureInfo.InvariantCulture), Lsn.Parse(lsn)!.Value, timeline)
            : null;
    }

    // A commit that waits for a synchronous standby waits past the server's own timeouts, and its backend past our connection: each look would leave one behind.
    private async Task<string> ReadProofAsync(string note, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.ReadAsync(ControlQueries.Prove(note), Need.Proof, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException late) when (late.Kind == FaultKind.TimedOut)
        {
            var names = await connection.ReadAsync(ControlQueries.EndWaitingCommits, Need.Activity, cancellationToken).ConfigureAwait(false);
            throw names.Length == 0 ? late : Fail(
                "DatabaseCommitsWait",
                FaultKind.Unavailable,
                $"takes writes, and tells none of them done: it waits for a standby that is not there (synchronous_standby_names = '{names}').",
                "On that server: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf(); where CloudNativePG runs it, take spec.postgresql.synchronous out of its Cluster. DalpHa sees it at its next look.");
        }
    }

    public async Task<ServerProvision> ReadProvisionAsync(CancellationToken cancellationToken)
    {
        var document = await connection.ReadAsync(ProvisionQuery.Sql, Need.Replication, cancellationToken).ConfigureAwait(false);
        return DatabaseFaults.WhenUnreadable(address, timeout, () => ProvisionReader.Read(document));
    }

    public Task<TimelineHistory> ReadHistoryAsync(int timeline, CancellationToken cancellationToken) => LineageReader.ReadHistoryAsync(connection, address, timeout, timeline, cancellationToken);

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private T Parse<T>(string json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class =>
        DatabaseFaults.WhenUnreadable(address, timeout, () => JsonSerializer.Deserialize(json, type) ?? throw new JsonException("The document is empty."));

    private DalpException Fail(string errorId, FaultKind kind, string what, string action) => new(errorId, kind, $"Database server {address} {what}", action, address.Name);
}

/// <summary>What <see cref="ControlQueries.Activity"/> gives.</summary>
internal sealed record ActivityRow(
    DateTimeOffset Time, bool InRecovery, bool ReadOnly, bool ByDefault, IReadOnlyList<string> Overrides, string? NextId, int Writers, int Prepared, int Sessions, int Older, IReadOnlyList<OpenRow> LeftAlone, string? Current, string? End, string? Received, string? Replayed, int Timeline, bool SeesAll);

/// <summary>A transaction in <see cref="ActivityRow"/>.</summary>
internal sealed record OpenRow(int Pid, string? User, string? Application, DateTimeOffset Since, bool Older);

/// <summary>What <see cref="ControlQueries.Default"/> gives.</summary>
internal sealed record DefaultRow(string Value, string? Source, IReadOnlyList<string> Overrides);

/// <summary>What <see cref="ControlQueries.Prove"/> gives.</summary>
internal sealed record ProofRow(DateTimeOffset Time, string? Lsn, string? Id, int? Timeline);

/// <summary>Serialisation of the control rows without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ActivityRow))]
[JsonSerializable(typeof(DefaultRow))]
[JsonSerializable(typeof(ProofRow))]
internal sealed partial class ControlJson : JsonSerializerContext;
