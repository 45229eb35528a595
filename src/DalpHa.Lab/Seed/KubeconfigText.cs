using System.Text;

namespace DalpHa.Lab.Seed;

/// <summary>The lab's kubeconfig: for each site a context of the operator and, named so, one of a reader and one of the administrator.</summary>
internal static class KubeconfigText
{
    /// <summary>How one site is reached.</summary>
    /// <param name="Context">The operator's context.</param>
    /// <param name="Server">The API's address.</param>
    /// <param name="AuthorityPem">The certificate that signed the API's own.</param>
    /// <param name="OperatorToken">The operator's token.</param>
    /// <param name="ReaderToken">The reader's token.</param>
    /// <param name="AdminToken">The administrator's token.</param>
    public sealed record Entry(string Context, Uri Server, string AuthorityPem, string OperatorToken, string ReaderToken, string AdminToken);

    public static string Of(IReadOnlyList<Entry> entries) => $"""
        # A DalpHa lab: two regions on this machine, no production.
        apiVersion: v1
        kind: Config
        clusters:
        {Join(entries, Cluster)}
        users:
        {Join(entries, Users)}
        contexts:
        {Join(entries, Contexts)}
        current-context: {entries[0].Context}

        """;

    private static string Join(IReadOnlyList<Entry> entries, Func<Entry, string> part) => string.Join('\n', entries.Select(part));

    private static string Cluster(Entry entry) => $$"""
        - name: {{entry.Context}}
          cluster: { server: "{{entry.Server.GetLeftPart(UriPartial.Authority)}}", certificate-authority-data: {{Convert.ToBase64String(Encoding.ASCII.GetBytes(entry.AuthorityPem))}} }
        """;

    private static string Users(Entry entry) => $$"""
        - name: {{entry.Context}}-operator
          user: { token: {{entry.OperatorToken}} }
        - name: {{entry.Context}}-reader
          user: { token: {{entry.ReaderToken}} }
        - name: {{entry.Context}}-admin
          user: { token: {{entry.AdminToken}} }
        """;

    private static string Contexts(Entry entry) => $$"""
        - name: {{entry.Context}}
          context: { cluster: {{entry.Context}}, user: {{entry.Context}}-operator, namespace: {{LabSite.Namespace}} }
        - name: {{entry.Context}}-reader
          context: { cluster: {{entry.Context}}, user: {{entry.Context}}-reader, namespace: {{LabSite.Namespace}} }
        - name: {{entry.Context}}-admin
          context: { cluster: {{entry.Context}}, user: {{entry.Context}}-admin, namespace: {{LabSite.Namespace}} }
        """;
}
