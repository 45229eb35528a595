using System.Globalization;
using System.Text;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Failover;

/// <summary>A demotion token as CloudNativePG writes it (PgControldataTokenContent).</summary>
internal static class TestToken
{
    public static string Of(string system, int timeline, Lsn lsn) => Of(system, timeline.ToString(CultureInfo.InvariantCulture), lsn.ToString(), "1.30.0");

    public static string Of(string system, string timeline, string lsn, string operatorVersion) => Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""
        {"latestCheckpointTimelineID":"{{timeline}}","redoWalFile":"000000030000000000000006","databaseSystemIdentifier":"{{system}}",
         "latestCheckpointREDOLocation":"{{lsn}}","timeOfLatestCheckpoint":"Wed Nov 25 21:00:00 2026","operatorVersion":"{{operatorVersion}}"}
        """));
}
