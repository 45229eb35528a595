using DalpHa.Lab.Api.Admission;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api;

/// <summary>What one lab API endpoint is started with.</summary>
public sealed record ApiServerOptions
{
    /// <summary>The endpoint's name, for its certificates and its errors.</summary>
    public required string Name { get; init; }

    /// <summary>The loopback port; 0 lets the system choose a free one.</summary>
    public int Port { get; init; }

    /// <summary>Who each bearer token stands for. Every other token is answered with 401.</summary>
    public IReadOnlyDictionary<string, ApiUser> Users { get; init; } = new Dictionary<string, ApiUser>();

    /// <summary>The version told at <c>/version</c>, without the leading v.</summary>
    public string Version { get; init; } = "1.32.4";

    /// <summary>How many changes a watch may start, or a list go on, in the past; older resource versions are answered with 410 Expired.</summary>
    public int HistoryLimit { get; init; } = 20_000;

    /// <summary>How often an idle watch that asked for bookmarks gets one.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Who judges writes beside the server itself.</summary>
    internal IReadOnlyList<ValidatingHook> Hooks { get; init; } = [];

    /// <summary>What can be run in pods; null when nothing can.</summary>
    internal IPodPrograms? Programs { get; init; }

    /// <summary>Is told of each request when it has come.</summary>
    public Action<AuditEntry>? Audit { get; init; }

    /// <summary>The clock behind timestamps and time limits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>One request, whatever becomes of it.</summary>
/// <param name="User">Who asks.</param>
/// <param name="Verb">What is asked, in RBAC's terms.</param>
/// <param name="Request">The path with its query.</param>
public sealed record AuditEntry(string User, string Verb, string Request);

/// <summary>Whom a bearer token stands for.</summary>
/// <param name="Name">The user name, as RBAC subjects name it.</param>
/// <param name="Groups">The groups beside <c>system:authenticated</c>; <c>system:masters</c> may do everything.</param>
/// <param name="ExpiresAt">From when the token is refused, or null when it does not expire.</param>
public sealed record ApiUser(string Name, IReadOnlyList<string> Groups, DateTimeOffset? ExpiresAt = null);
