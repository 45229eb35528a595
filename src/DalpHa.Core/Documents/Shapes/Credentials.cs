using System.Text.RegularExpressions;

namespace DalpHa.Core.Documents.Shapes;

/// <summary>Knows what looks like a credential, and where credentials belong instead: never in a file of ours.</summary>
internal static partial class Credentials
{
    private const string ErrorId = "CredentialInFile";

    private const string Belongs =
        "no credential in this file: it belongs in the environment, in PGPASSFILE or .pgpass, or in a Kubernetes Secret";

    /// <summary>An address carries a login.</summary>
    public static Problem InAddress { get; } = new(ErrorId, "The address holds a login.", Belongs);

    /// <summary>A key that nobody knows is named like a credential.</summary>
    public static Problem InKey(string key) => new(ErrorId, $"'{key}' looks like a credential.", Belongs);

    /// <summary>Whether a key's name says that its value is a secret.</summary>
    public static bool IsNamedBy(string key) => Name().IsMatch(key);

    [GeneratedRegex("pass?(wor?d|phrase|wd)|pwd|secret|token|credential|(api|access|private|secret|signing)[-_]?key", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
