using DalpHa.Core.Replication;

namespace DalpHa.Core.Ports;

/// <summary>
/// What DalpHa changes on one PostgreSQL server, by a login that may (a superuser, or one that was granted it). Bounded in time; throws
/// <see cref="Errors.DalpException"/> for every failure. Nothing here is repeated by itself: a promotion whose answer was lost is looked for, not asked again.
/// </summary>
public interface IDatabaseControl : IAsyncDisposable
{
    /// <summary>The server's name in the topology.</summary>
    string Name { get; }

    /// <summary>What the server does with writes right now.</summary>
    Task<WriteActivity> ReadActivityAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes every new transaction read-only unless it asks otherwise, or lets them write again (<c>default_transaction_read_only</c>, kept through restarts),
    /// and returns when new sessions have it. Works on a standby too.
    /// </summary>
    /// <exception cref="Errors.DalpException">A role or database has a default of its own (<c>DatabaseReadOnlyOverridden</c>), or something stronger sets it (<c>DatabaseSettingIgnored</c>).</exception>
    Task SetReadOnlyAsync(bool isReadOnly, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the sessions of everybody but DalpHa and the replication, so that none keeps an older setting. A superuser's session is left where the login is
    /// none itself; <see cref="WriteActivity.Sessions"/> still counts it.
    /// </summary>
    /// <returns>How many were ended.</returns>
    Task<int> EndSessionsAsync(CancellationToken cancellationToken);

    /// <summary>Asks a standby to become a primary (<c>pg_promote</c>), and does not wait for it. It is sent once.</summary>
    /// <exception cref="Errors.DalpException">It is a primary (<c>DatabaseNotInRecovery</c>), or it was sent and its answer lost (<c>DatabaseAnswerLost</c>): then it may have begun.</exception>
    Task PromoteAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Commits one transaction that changes no table (<c>pg_logical_emit_message</c>) and returns its position: the proof that the server takes writes,
    /// and a mark that <c>pg_waldump</c> finds again.
    /// </summary>
    /// <param name="note">What the mark says.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null while the server is in recovery, and takes no writes. One round trip either way: fit to be asked every few milliseconds.</returns>
    /// <exception cref="Errors.DalpException">It takes writes, and the commit waits for a standby that is not there (<c>DatabaseCommitsWait</c>).</exception>
    Task<WriteProof?> ProveWriteAsync(string note, CancellationToken cancellationToken);

    /// <summary>What it has for those that follow it, and whom its commits wait for.</summary>
    Task<ServerProvision> ReadProvisionAsync(CancellationToken cancellationToken);

    /// <summary>The timelines that it came through to the one that it is on.</summary>
    /// <exception cref="Errors.DalpException">The login may not read that file (<c>pg_read_file</c>).</exception>
    Task<TimelineHistory> ReadHistoryAsync(int timeline, CancellationToken cancellationToken);
}

/// <summary>What a server does with writes.</summary>
/// <param name="At">When it was read, by the server's clock.</param>
/// <param name="IsInRecovery">True on a standby.</param>
/// <param name="IsReadOnly">What new transactions are by default; false also where a role or database has another default of its own.</param>
/// <param name="NextTransactionId">One more than the last transaction id that ended; it moves when something that writes commits or aborts. Null on a standby.</param>
/// <param name="WritersRunning">Transactions that have an id and have not ended; the moment between two of them is covered by <paramref name="NextTransactionId"/>.</param>
/// <param name="PreparedTransactions">Prepared transactions, which outlive their sessions and can be committed by any other.</param>
/// <param name="Sessions">Client sessions but DalpHa's own.</param>
/// <param name="CurrentLsn">Primary: its position. Standby: null.</param>
/// <param name="Timeline">The timeline.</param>
public sealed record WriteActivity(
    DateTimeOffset At, bool IsInRecovery, bool IsReadOnly, ulong? NextTransactionId, int WritersRunning, int PreparedTransactions, int Sessions, Lsn? CurrentLsn, int Timeline)
{
    /// <summary>
    /// What new transactions are by default, whoever else has another default of his own: then the server is neither frozen nor does it take everybody's writes.
    /// </summary>
    public bool IsReadOnlyByDefault { get; init; } = IsReadOnly;

    /// <summary>Roles and databases with a default of their own, whose transactions write whatever the server's is: <c>role dalp in database dalp</c>.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>
    /// Client sessions that are older than the settings that the server goes by, and so may keep an older default for their transactions: those that
    /// <see cref="IDatabaseControl.EndSessionsAsync"/> would end. A session that was begun later is not in it.
    /// </summary>
    public int OlderSessions { get; init; }

    /// <summary>
    /// Transactions under way in sessions that <see cref="IDatabaseControl.EndSessionsAsync"/> leaves alone: those of superusers where the login is none itself, and those of
    /// the server's own workers. The oldest first.
    /// </summary>
    public IReadOnlyList<OpenTransaction> LeftAlone { get; init; } = [];

    /// <summary>Primary: where its log ends, with what is not written out yet. Standby: null.</summary>
    public Lsn? EndLsn { get; init; }

    /// <summary>Standby: up to where it has received the log by streaming; null when it streams nothing, and on a primary.</summary>
    public Lsn? ReceivedLsn { get; init; }

    /// <summary>Standby: up to where it has replayed the log. Primary: null.</summary>
    public Lsn? ReplayedLsn { get; init; }

    /// <summary>
    /// Why something may still be written, or may be as soon as somebody promotes the server, in a sentence; null when it is frozen. A new session that overrules the
    /// default shows only when it writes.
    /// </summary>
    public string? WhyNotFrozen => this switch
    {
        { IsInRecovery: true, IsReadOnly: false } => "It is in recovery, and takes writes as soon as somebody or something promotes it.",
        { IsReadOnly: false } => "It takes writes.",
        { OlderSessions: > 0 } => $"{OlderSessions} sessions are older than that it is read-only, and may write{(IsInRecovery ? " when it is promoted" : "")}.",
        // What began in recovery stays read-only, whatever becomes of the server.
        { IsInRecovery: true } => null,
        _ when LeftAlone.Where(one => one.IsOlder).ToList() is { Count: > 0 } older =>
            $"{older[0]} is older than that it is read-only, and may still write{(older.Count > 1 ? $", and so may {older.Count - 1} more" : "")}. A superuser can end it: SELECT pg_terminate_backend({older[0].Pid}).",
        { PreparedTransactions: > 0 } => $"{PreparedTransactions} prepared transactions wait for a commit that any session can give: end them (ROLLBACK PREPARED, or COMMIT PREPARED).",
        { WritersRunning: > 0 } => $"{WritersRunning} writing transactions are under way.",
        _ => null,
    };
}

/// <summary>A transaction under way in somebody else's session.</summary>
/// <param name="Pid">The process that serves the session.</param>
/// <param name="User">Who is logged in; null for a worker of the server.</param>
/// <param name="Application">What the session calls itself; may be empty.</param>
/// <param name="Since">When it began; where that can't be seen, when the session did.</param>
/// <param name="IsOlder">Whether it began before the server read the settings that it goes by, and so may keep an older default.</param>
public sealed record OpenTransaction(int Pid, string? User, string? Application, DateTimeOffset Since, bool IsOlder)
{
    /// <summary>Whose it is, and since when.</summary>
    public override string ToString() =>
        $"The transaction of process {Pid} ({(User is null ? "a worker of the server" : $"user {User}")}{(string.IsNullOrEmpty(Application) ? "" : $", application '{Application}'")}), begun at {Since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z,";
}

/// <summary>A committed write.</summary>
/// <param name="At">When, by the server's clock.</param>
/// <param name="TransactionId">Its transaction id.</param>
/// <param name="Lsn">Where in the log it stands.</param>
/// <param name="Timeline">On which timeline.</param>
public sealed record WriteProof(DateTimeOffset At, ulong TransactionId, Lsn Lsn, int Timeline);
