using System.Runtime.ExceptionServices;
using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// Hands out the current session, and makes a new one when its credentials end or are refused. One credential plugin runs at a time; those who
/// wait for it share what comes of it, also its failure, so that a plugin that hangs costs one timeout and not one per request.
/// </summary>
internal sealed class SessionSource : IDisposable
{
    private readonly KubeconfigEntry entry;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;
    private readonly ServerTrust trust;
    private readonly ExecPlugin? plugin;
    private readonly SemaphoreSlim gate = new(1);
    // Requests may still run on a session that was replaced; all end together.
    private readonly List<ApiSession> sessions = [];
    private ApiSession? current;
    private long madeAt;
    private DalpException? failure;
    private long failedAt;

    /// <summary>Prepares the credentials; runs and connects nothing.</summary>
    /// <exception cref="DalpException">The kubeconfig's credentials or certificate authority can't be used.</exception>
    public SessionSource(KubeconfigEntry entry, TimeSpan timeout, TimeProvider time)
    {
        this.entry = entry;
        this.timeout = timeout;
        this.time = time;
        trust = ServerTrust.Of(entry);
        var user = entry.User;
        // A plugin is asked only where nothing simpler is given, as in kubectl.
        plugin = user.Exec is not null && string.IsNullOrEmpty(user.Token) && user.TokenFile is null && string.IsNullOrEmpty(user.UserName)
            ? new ExecPlugin(entry, timeout)
            : null;
        if (plugin is null)
        {
            current = Keep(ApiSession.Create(entry, trust, null, timeout));
        }
    }

    /// <summary>True when refused credentials may be followed by better ones.</summary>
    public bool CanRenew => plugin is not null || entry.User.TokenFile is not null;

    /// <summary>The session to use now.</summary>
    /// <param name="refused">A session whose credentials the server refused, to be replaced; null for any.</param>
    /// <param name="cancellationToken">Ends the wait, and the plugin that it started.</param>
    /// <exception cref="DalpException">The credential plugin failed or was late.</exception>
    public async Task<ApiSession> GetAsync(ApiSession? refused, CancellationToken cancellationToken)
    {
        if (IsUsable(current, refused))
        {
            return current!;
        }
        var askedAt = time.GetTimestamp();
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Credentials made while we waited are as fresh as they get, even where a wrong clock takes them for expired: the server decides.
            if (IsUsable(current, refused) || (current is not null && current != refused && madeAt > askedAt))
            {
                return current!;
            }
            if (failure is not null && time.GetElapsedTime(failedAt) < timeout)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
            var credentials = plugin is null ? null : await RunAsync(plugin, cancellationToken).ConfigureAwait(false);
            madeAt = time.GetTimestamp();
            return current = Keep(ApiSession.Create(entry, trust, credentials, timeout));
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Closes all connections.</summary>
    public void Dispose()
    {
        foreach (var session in sessions)
        {
            session.Dispose();
        }
        gate.Dispose();
    }

    private bool IsUsable(ApiSession? session, ApiSession? refused) =>
        session is not null && session != refused && !(session.ExpiresAt <= time.GetUtcNow());

    private async Task<ExecStatus> RunAsync(ExecPlugin runnable, CancellationToken cancellationToken)
    {
        try
        {
            var credentials = await runnable.RunAsync(cancellationToken).ConfigureAwait(false);
            failure = null;
            return credentials;
        }
        catch (DalpException exception)
        {
            failure = exception;
            failedAt = time.GetTimestamp();
            throw;
        }
    }

    private ApiSession Keep(ApiSession session)
    {
        sessions.Add(session);
        return session;
    }
}
