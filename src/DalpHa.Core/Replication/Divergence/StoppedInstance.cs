namespace DalpHa.Core.Replication;

/// <summary>A CloudNativePG instance whose PostgreSQL is stopped while its pod runs on.</summary>
/// <param name="Name">The server's name in the topology.</param>
/// <param name="Namespace">The pod's namespace.</param>
/// <param name="Pod">The pod, which has the instance's name.</param>
public sealed record StoppedInstance(string Name, string Namespace, string Pod);
