using DalpHa.Core.Ports;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Simulation;

/// <summary>Reads what a server does, tells what it would be made to do, and shows that as done from then on.</summary>
/// <param name="inner">The real server; only read.</param>
/// <param name="site">The name of its site.</param>
/// <param name="tell">Is told each write.</param>
public sealed class TellingDatabaseControl(IDatabaseControl inner, string site, Action<ToldWrite> tell) : IDatabaseControl
{
    private readonly Lock gate = new();
    private bool? isReadOnly;
    private bool isQuiet;
    private bool isPromoted;
    private bool isDemoted;
    private WriteActivity? still;

    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <summary>Whether it is shown as frozen, with all sessions ended, because that was told.</summary>
    public bool IsStill
    {
        get
        {
            lock (gate)
            {
                return isQuiet;
            }
        }
    }

    /// <inheritdoc/>
    public async Task<WriteActivity> ReadActivityAsync(CancellationToken cancellationToken)
    {
        var real = await inner.ReadActivityAsync(cancellationToken).ConfigureAwait(false);
        lock (gate)
        {
            return Simulate(real);
        }
    }

    /// <inheritdoc/>
    public Task SetReadOnlyAsync(bool isReadOnly, CancellationToken cancellationToken)
    {
        Change(isReadOnly ? "Make every new transaction read-only by default." : "Let new transactions write again.", () =>
        {
            this.isReadOnly = isReadOnly;
            (isQuiet, still) = (isQuiet && isReadOnly, null);
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<int> EndSessionsAsync(CancellationToken cancellationToken)
    {
        var before = await ReadActivityAsync(cancellationToken).ConfigureAwait(false);
        Change($"End {before.Sessions} client sessions.", () => isQuiet = isReadOnly == true);
        return before.Sessions;
    }

    /// <inheritdoc/>
    public Task PromoteAsync(CancellationToken cancellationToken)
    {
        Change("Promote it (pg_promote).", () => isPromoted = true);
        return Task.CompletedTask;
    }

    /// <summary>Shows the server as read-only by default from now on, or as no longer so: by a Cluster that was told so.</summary>
    public void ShowReadOnly(bool isReadOnly)
    {
        lock (gate)
        {
            (this.isReadOnly, isQuiet, still) = (isReadOnly, isQuiet && isReadOnly, null);
        }
    }

    /// <summary>Shows the server as promoted from now on, by whatever was told elsewhere: an operator, or a script.</summary>
    public void ShowPromoted()
    {
        lock (gate)
        {
            isPromoted = true;
        }
    }

    /// <summary>Shows the server as a standby from now on, demoted by an operator that was told to.</summary>
    public void ShowDemoted()
    {
        lock (gate)
        {
            isDemoted = true;
        }
    }

    /// <inheritdoc/>
    public async Task<WriteProof?> ProveWriteAsync(string note, CancellationToken cancellationToken)
    {
        var now = await ReadActivityAsync(cancellationToken).ConfigureAwait(false);
        if (now.IsInRecovery)
        {
            return null;
        }
        Change($"Commit a mark that changes no table: '{note}'.", () => { });
        return new WriteProof(now.At, now.NextTransactionId ?? 0, now.CurrentLsn ?? default, now.Timeline);
    }

    /// <inheritdoc/>
    public Task<ServerProvision> ReadProvisionAsync(CancellationToken cancellationToken) => inner.ReadProvisionAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<TimelineHistory> ReadHistoryAsync(int timeline, CancellationToken cancellationToken) => inner.ReadHistoryAsync(timeline, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void Change(string statement, Action change)
    {
        lock (gate)
        {
            change();
        }
        tell(new ToldWrite(site, Name, statement));
    }

    private WriteActivity Simulate(WriteActivity real)
    {
        var now = real with
        {
            IsReadOnly = isReadOnly ?? real.IsReadOnly,
            IsReadOnlyByDefault = isReadOnly ?? real.IsReadOnlyByDefault,
            IsInRecovery = isDemoted || (real.IsInRecovery && !isPromoted),
            Timeline = real.Timeline + (isPromoted && real.IsInRecovery ? 1 : 0),
        };
        if (!isQuiet)
        {
            return now;
        }
        // Real sessions write on meanwhile; in the simulation they have ended, and nothing moves any more.
        still ??= now;
        return now with { Sessions = 0, OlderSessions = 0, LeftAlone = [], WritersRunning = 0, NextTransactionId = still.NextTransactionId, CurrentLsn = still.CurrentLsn };
    }
}
