using System.Text;
using DalpHa.Lab.Api;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>A user of a server under test; a context of its kubeconfig is named so too.</summary>
public sealed record TestUser(string Name, string Token, IReadOnlyList<string> Groups);

/// <summary>The users that every server under test knows.</summary>
public static class TestUsers
{
    /// <summary>May do everything.</summary>
    public static TestUser Admin { get; } = new("admin", "admin-token", ["system:masters"]);

    /// <summary>Was granted nothing.</summary>
    public static TestUser Nobody { get; } = new("nobody", "nobody-token", []);

    /// <summary>Has the roles that ship for readers, in the namespaces where they are bound.</summary>
    public static TestUser Reader { get; } = new("reader", "reader-token", ["dalpha:readers"]);

    /// <summary>Has the roles that ship for operators, in the namespaces where they are bound.</summary>
    public static TestUser Operator { get; } = new("operator", "operator-token", ["dalpha:operators"]);

    private static readonly TestUser[] All = [Admin, Nobody, Reader, Operator];

    /// <summary>Whom each token stands for.</summary>
    public static IReadOnlyDictionary<string, ApiUser> ByToken { get; } = All.ToDictionary(user => user.Token, user => new ApiUser(user.Name, user.Groups));

    /// <summary>A kubeconfig with a context for each.</summary>
    public static string Kubeconfig(Uri address, string authorityPem) => $$$"""
        apiVersion: v1
        kind: Config
        clusters: [{name: server, cluster: {server: "{{{address}}}", certificate-authority-data: "{{{Convert.ToBase64String(Encoding.ASCII.GetBytes(authorityPem))}}}"}}]
        users:
        {{{string.Join('\n', All.Select(user => $"- {{name: {user.Name}, user: {{token: {user.Token}}}}}"))}}}
        contexts:
        {{{string.Join('\n', All.Select(user => $"- {{name: {user.Name}, context: {{cluster: server, user: {user.Name}}}}}"))}}}
        """;
}
