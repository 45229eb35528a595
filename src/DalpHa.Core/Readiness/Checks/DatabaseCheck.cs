using System.Runtime.CompilerServices;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>There is one primary and it is on the active site; the standby's servers are in recovery, of the same system and version.</summary>
public sealed class DatabaseCheck : IReadinessCheck
{
    /// <inheritdoc/>
    public string Name => "Database";

    /// <inheritdoc/>
    public string Description => "One primary, on the active site; the standby's servers are in recovery and truly its standbys.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (activeRead, standbyRead) = (context.Replication.GetServersAsync(SiteRole.Active), context.Replication.GetServersAsync(SiteRole.Standby));
        var standby = await standbyRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var active = await activeRead.WaitAsync(cancellationToken).ConfigureAwait(false);
        var problems = 0;
        foreach (var finding in Undeclared(context)
            .Concat(active.Concat(standby).Select(Unanswered).OfType<Finding>())
            .Concat(Roles(context, active, standby))
            .Concat(Kinship(context, active, standby)))
        {
            problems++;
            yield return finding;
        }
        if (problems == 0)
        {
            var primary = active.First(server => server.Sample is { IsInRecovery: false }).Sample!;
            yield return Finding.Pass(context.Active.Name, primary.Server, $"primary, {Version(primary.VersionNumber)}", "one primary");
            yield return Finding.Pass(context.Standby.Name, "servers", $"{standby.Count} in recovery, same system", "in recovery, same system");
        }
    }

    private static IEnumerable<Finding> Undeclared(ReadinessContext context) => context.Sites
        .Where(site => site.Site.Database is null or { Servers.Count: 0 })
        .Select(site => Finding.Unknown(
            site.Name, "database", "not declared", "servers", "The topology does not say where the site's database is, so its role and state can't be seen.",
            $"Declare it in the topology (sites.{site.Site.Role.ToString().ToLowerInvariant()}.database.servers). A start: New-DalpTopology"));

    private static Finding? Unanswered(ServerObservation server) => server.Sample is not null ? null : Finding.Unknown(
        server.Site, server.Server, "no answer", "an answer", server.Failure?.Message ?? "It was not asked.", server.Failure?.RecommendedAction ?? "Check again.");

    private static IEnumerable<Finding> Roles(ReadinessContext context, IReadOnlyList<ServerObservation> active, IReadOnlyList<ServerObservation> standby)
    {
        var primaries = active.Concat(standby).Where(server => server.Sample is { IsInRecovery: false }).ToList();
        foreach (var server in primaries.Where(server => server.Site == context.Standby.Name))
        {
            yield return Finding.Fail(
                server.Site, server.Server, "accepts writes", "in recovery",
                "The standby's database is not a standby: it was promoted, or it never followed the active. What is written to it is not on the active.",
                "Let nothing write to it. Find out when it left recovery, and rebuild it from the active once nothing on it is missed.");
        }
        if (primaries.Count > 1)
        {
            yield return Finding.Fail(
                Finding.BothSites, "primaries", $"{primaries.Count} writable", "exactly 1",
                $"Split brain: {Wording.List(primaries.Select(server => $"{server.Server} ({server.Site})"), 4)} all accept writes, and their data part from each other.",
                "Stop the writers of all but one of them at once. Then compare the data before anything is rebuilt.");
        }
        // A server that did not answer may be the primary: its own finding says so, and nothing is claimed here.
        if (primaries.Count == 0 && active.Count > 0 && active.All(server => server.Sample is not null))
        {
            yield return Finding.Fail(
                context.Active.Name, "primary", "none", "exactly 1", "Every server of the active site is in recovery: nothing accepts writes.",
                "Find the primary; if the sites have changed places, exchange them in the topology.");
        }
        foreach (var server in primaries.Where(server => server.Site == context.Active.Name && server.Sample!.IsReadOnly))
        {
            yield return Finding.Warn(
                server.Site, server.Server, "read-only by default", "accepts writes", "Its setting default_transaction_read_only is on: writes are frozen.",
                "If no failover is under way, lift the freeze.");
        }
    }

    private static IEnumerable<Finding> Kinship(ReadinessContext context, IReadOnlyList<ServerObservation> active, IReadOnlyList<ServerObservation> standby)
    {
        var samples = active.Concat(standby).Where(server => server.Sample is not null).ToList();
        var reference = samples.FirstOrDefault(server => server.Site == context.Active.Name && !server.Sample!.IsInRecovery) ?? samples.FirstOrDefault();
        foreach (var server in samples.Where(server => server != reference))
        {
            var (left, right) = (reference!.Sample!, server.Sample!);
            if (left.SystemIdentifier != right.SystemIdentifier)
            {
                yield return Finding.Fail(
                    server.Site, server.Server, $"system {right.SystemIdentifier}", $"{left.SystemIdentifier}",
                    $"It is another database cluster than '{left.Server}', and no copy of it.", "Check that the topology names the right server. If it does, rebuild the standby from the primary.");
            }
            else if (left.VersionNumber / 10000 != right.VersionNumber / 10000)
            {
                yield return Finding.Fail(
                    server.Site, server.Server, Version(right.VersionNumber), Version(left.VersionNumber), "The major versions differ: physical replication can't work between them.",
                    "Bring both to the same major version.");
            }
            else if (left.VersionNumber != right.VersionNumber)
            {
                yield return Finding.Warn(
                    server.Site, server.Server, Version(right.VersionNumber), Version(left.VersionNumber), "The minor versions differ.", "Patch the older one; a standby first.");
            }
        }
    }

    // Since version 10: major * 10000 + minor.
    private static string Version(int number) => $"PostgreSQL {number / 10000}.{number % 10000}";
}
