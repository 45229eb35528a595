using DalpHa.Lab.Api;

namespace DalpHa.Lab.RealApi;

/// <summary>What one real kube-apiserver is started with.</summary>
public sealed record RealApiServerOptions
{
    /// <summary>Its name, for certificates and errors.</summary>
    public required string Name { get; init; }

    /// <summary>The folder for its data, keys and logs. It is made.</summary>
    public required string Folder { get; init; }

    /// <summary>The loopback port; 0 for a free one.</summary>
    public int Port { get; init; }

    /// <summary>Who each bearer token stands for. A token does not expire here.</summary>
    public IReadOnlyDictionary<string, ApiUser> Users { get; init; } = new Dictionary<string, ApiUser>();

    /// <summary>The clock behind the certificates' validity.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
