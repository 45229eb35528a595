namespace DalpHa.Lab.Postgres;

/// <summary>How a pair is made.</summary>
public sealed record PostgresPairOptions
{
    /// <summary>The folder that everything is kept in. It is made, and deleted with the pair; as root it must lie where an ordinary user can reach it.</summary>
    public required string Folder { get; init; }

    /// <summary>The primary's loopback port; 0 for a free one.</summary>
    public int PrimaryPort { get; init; }

    /// <summary>The standby's loopback port; 0 for a free one.</summary>
    public int StandbyPort { get; init; }

    /// <summary>The loopback port of the link between them; 0 for a free one.</summary>
    public int LinkPort { get; init; }

    /// <summary>The primary's name.</summary>
    public string PrimaryName { get; init; } = "postgresql-primary-1";

    /// <summary>The standby's name; also its <c>application_name</c> at the primary.</summary>
    public string StandbyName { get; init; } = "postgresql-replica-1";

    /// <summary>The platform's database.</summary>
    public string Database { get; init; } = "dalp";

    /// <summary>Whether the primary archives its WAL into a folder that the standby restores from. Unix only.</summary>
    public bool Archive { get; init; }

    /// <summary>Settings of both servers, by name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}
