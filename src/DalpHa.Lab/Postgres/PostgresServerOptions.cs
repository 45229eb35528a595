namespace DalpHa.Lab.Postgres;

/// <summary>How a server is made.</summary>
public sealed record PostgresServerOptions
{
    /// <summary>What it is called in messages and as <c>cluster_name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The folder that it keeps its data and log in. It is made; as root it must lie where an ordinary user can reach it.</summary>
    public required string Folder { get; init; }

    /// <summary>The loopback port; 0 for a free one.</summary>
    public int Port { get; init; }

    /// <summary>The superuser <c>postgres</c>'s password.</summary>
    public required string Password { get; init; }

    /// <summary>Settings by name, over those that every server here gets.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a server is asked to stop.</summary>
public enum PostgresStopMode
{
    /// <summary>It ends its sessions and writes a checkpoint.</summary>
    Fast,
    /// <summary>It drops everything, and recovers from its WAL at the next start.</summary>
    Immediate,
}
