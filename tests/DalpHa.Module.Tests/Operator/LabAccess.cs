using System.Text.RegularExpressions;

namespace DalpHa.Module.Tests.Operator;

/// <summary>A way to a lab's clusters past DalpHa, as its administrator.</summary>
/// <param name="Server">The API's address.</param>
/// <param name="OperatorToken">What DalpHa logs in with.</param>
/// <param name="AdminToken">What may do everything.</param>
public sealed partial record LabAccess(Uri Server, string OperatorToken, string AdminToken)
{
    /// <summary>Both sites of a lab.</summary>
    public static IReadOnlyList<LabAccess> Of(LabSession session)
    {
        var text = File.ReadAllText((string)session.Lab.Properties["KubeconfigPath"].Value);
        var servers = Address().Matches(text).Select(match => match.Groups[1].Value).ToList();
        var tokens = Token().Matches(text).Select(match => match.Groups[1].Value).ToList();
        return [.. servers.Select((server, index) => new LabAccess(new Uri(server), tokens[index * 2], tokens[(index * 2) + 1]))];
    }

    /// <summary>A client that asks for no certificate: this is loopback.</summary>
    public static HttpClient Client() => new(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator });

    [GeneratedRegex("server: \"([^\"]+)\"")]
    private static partial Regex Address();

    [GeneratedRegex("token: ([0-9a-f]+)")]
    private static partial Regex Token();
}
