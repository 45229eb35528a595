using DalpHa.Core.Errors;

namespace DalpHa.Lab.Postgres;

/// <summary>How a server came back as standby.</summary>
public enum RejoinMethod
{
    /// <summary>It was rewound to where the histories parted (pg_rewind); where they did not, nothing had to be.</summary>
    Rewind,
    /// <summary>It was copied afresh (pg_basebackup).</summary>
    Copy,
}

/// <summary>How a former primary of a pair becomes the standby of the server that was promoted in its place.</summary>
/// <param name="pair">The pair.</param>
public sealed class PairRejoin(PostgresPair pair)
{
    /// <summary>
    /// Brings a former primary back as standby of the server that was promoted in its place. What it alone had committed is gone then. It may run or not; it streams
    /// when this returns.
    /// </summary>
    /// <param name="server">The former primary.</param>
    /// <param name="method">How; null to rewind it, and to copy it where that can't be done.</param>
    /// <param name="cancellationToken">Gives up; the server is then stopped, and its data are of no use until this was done again.</param>
    /// <returns>How it was done.</returns>
    /// <exception cref="DalpException"><c>RejoinNeedsPrimary</c>: the other server does not run as primary; or a program failed.</exception>
    public async Task<RejoinMethod> RejoinAsync(PostgresServer server, RejoinMethod? method, CancellationToken cancellationToken)
    {
        var source = pair.Other(server);
        if (source.ProcessId is null || await source.ExecuteAsync("SELECT pg_is_in_recovery()", cancellationToken) is true)
        {
            throw new DalpException(
                "RejoinNeedsPrimary", FaultKind.Conflict, $"'{source.Name}' is not a primary that runs, so '{server.Name}' can't become its standby.", $"Promote '{source.Name}' first.", source.Name);
        }
        await server.StopAsync(PostgresStopMode.Fast, cancellationToken);
        var done = await RefitAsync(server, source, method, cancellationToken);
        await pair.FollowAsync(server, cancellationToken);
        await server.StartAsync(cancellationToken);
        await pair.WaitForStreamingAsync(server, cancellationToken);
        return done;
    }

    private async Task<RejoinMethod> RefitAsync(PostgresServer server, PostgresServer source, RejoinMethod? method, CancellationToken cancellationToken)
    {
        if (method != RejoinMethod.Copy)
        {
            try
            {
                // Before version 16 the control file, which is what pg_rewind reads, names the new timeline only from the next checkpoint on.
                await source.ExecuteAsync("CHECKPOINT", cancellationToken);
                await server.Data.RewindAsync(source.Port, cancellationToken);
                return RejoinMethod.Rewind;
            }
            catch (DalpException exception) when (exception.ErrorId == "PostgresProgramFailed" && method is null)
            {
                // What pg_rewind needs is not there any more: WAL since the histories parted, or the former primary's data themselves.
            }
        }
        await server.Data.RecopyAsync(source.Port, PostgresPair.ReplicationUser, pair.Passwords.Replication, cancellationToken);
        return RejoinMethod.Copy;
    }
}
