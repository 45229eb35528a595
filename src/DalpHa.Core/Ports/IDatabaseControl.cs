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

    /// <summary>Makes every new transaction read-only unless it asks otherwise, or lets them write again (<c>default_transaction_read_only</c>, kept through restarts).</summary>
    Task SetReadOnlyAsync(bool isReadOnly, CancellationToken cancellationToken);

    /// <summary>Ends the sessions of everybody but DalpHa and the replication, so that none keeps an older setting.</summary>
    /// <returns>How many there were.</returns>
    Task<int> EndSessionsAsync(CancellationToken cancellationToken);

    /// <summary>Asks a standby to become a primary (<c>pg_promote</c>), and does not wait for it.</summary>
    Task PromoteAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Commits one transaction that changes no table (<c>pg_logical_emit_message</c>) and returns its position: the proof that the server takes writes,
    /// and a mark that <c>pg_waldump</c> finds again.
    /// </summary>
    /// <param name="note">What the mark says.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<WriteProof> ProveWriteAsync(string note, CancellationToken cancellationToken);
}

/// <summary>What a server does with writes.</summary>
/// <param name="At">When it was read, by the server's clock.</param>
/// <param name="IsInRecovery">True on a standby.</param>
/// <param name="IsReadOnly">What new transactions are by default.</param>
/// <param name="NextTransactionId">The next transaction id that a write would get; it only moves when something writes. Null on a standby.</param>
/// <param name="WritersRunning">Transactions that have an id and have not ended.</param>
/// <param name="PreparedTransactions">Prepared transactions, which outlive their sessions and can be committed by any other.</param>
/// <param name="Sessions">Client sessions but DalpHa's own.</param>
/// <param name="CurrentLsn">Primary: its position. Standby: null.</param>
/// <param name="Timeline">The timeline.</param>
public sealed record WriteActivity(
    DateTimeOffset At, bool IsInRecovery, bool IsReadOnly, ulong? NextTransactionId, int WritersRunning, int PreparedTransactions, int Sessions, Lsn? CurrentLsn, int Timeline);

/// <summary>A committed write.</summary>
/// <param name="At">When, by the server's clock.</param>
/// <param name="TransactionId">Its transaction id.</param>
/// <param name="Lsn">Where in the log it stands.</param>
/// <param name="Timeline">On which timeline.</param>
public sealed record WriteProof(DateTimeOffset At, ulong TransactionId, Lsn Lsn, int Timeline);
