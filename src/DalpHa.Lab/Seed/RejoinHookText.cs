using DalpHa.Core.Lab;

namespace DalpHa.Lab.Seed;

/// <summary>
/// The lab's <c>rejoin.ps1</c>: what somebody does at the host of a former primary so that it follows the promoted server. It hands the work to the lab, whose
/// servers they are.
/// </summary>
internal static class RejoinHookText
{
    public static string Of(string name, string registry) => $$"""
        # Makes a former primary of this lab follow the server that was promoted in its place: pg_rewind, or a new copy where that can't be done.
        # Restore-DalpStandby runs it, and looks at the servers for what became of it.
        param($Purpose, $Topology, $Kind, $Server, $Primary)
        & {{Quote(DotnetHost.Find())}} {{Quote(typeof(RejoinHookText).Assembly.Location)}} rejoin --registry {{Quote(registry)}} --name {{Quote(name)}} --server $Server
        if ($LASTEXITCODE -ne 0) { throw "The lab could not make $Server follow $Primary." }

        """;

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
