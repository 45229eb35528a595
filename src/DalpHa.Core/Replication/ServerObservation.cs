using DalpHa.Core.Errors;

namespace DalpHa.Core.Replication;

/// <summary>What came of asking one server: a sample or a failure.</summary>
/// <param name="Server">The server's name in the topology.</param>
/// <param name="Site">The site's name.</param>
/// <param name="Sample">What it said; null when it did not.</param>
/// <param name="Failure">Why it did not; null when it did.</param>
public sealed record ServerObservation(string Server, string Site, DatabaseSample? Sample, DalpException? Failure);
