using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// What a credential plugin wrote. Its stdout is a credential and is shown to nobody; the last lines of its stderr are shown in the error, without anything
/// that looks like a credential and without whatever stands on stdout too.
/// </summary>
internal sealed partial class PluginWords
{
    private const int MaxOutput = 1024 * 1024;
    private const int MaxErrors = 64 * 1024;
    private const int ShownLines = 6;
    private const int ShownLineLength = 300;

    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();
    private readonly Lock gate = new();
    private bool errorsAreCut;

    /// <summary>All of stdout, so far.</summary>
    public string Output
    {
        get
        {
            lock (gate)
            {
                return output.ToString();
            }
        }
    }

    /// <summary>The last lines of stderr, as a sentence of an error.</summary>
    public string LastWords()
    {
        lock (gate)
        {
            // Whatever is cut off a credential is no longer found: it is looked for in whole lines, and they are shortened last.
            var lines = WithoutSecrets(WholeErrorLines()).Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return lines.Length == 0
                ? "It wrote no line to stderr that can be shown."
                : $"Its last words: {string.Join(" | ", lines.TakeLast(ShownLines).Select(line => line.Length <= ShownLineLength ? line : line[..ShownLineLength].Trim() + "…"))}";
        }
    }

    /// <summary>Reads stdout to its end.</summary>
    public async Task ReadOutputAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            lock (gate)
            {
                output.Append(buffer, 0, Math.Min(read, MaxOutput - output.Length));
            }
        }
        Array.Clear(buffer);
    }

    /// <summary>Reads stderr to its end.</summary>
    public async Task ReadErrorsAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            lock (gate)
            {
                errors.Append(buffer, 0, read);
                if (errors.Length > MaxErrors)
                {
                    errors.Remove(0, errors.Length - MaxErrors);
                    errorsAreCut = true;
                }
            }
        }
        Array.Clear(buffer);
        lock (gate)
        {
            errors.AppendLine();
        }
    }

    // What a cut or a killed plugin left of a line may be a piece of a credential, and a piece is not recognised.
    private string WholeErrorLines()
    {
        var text = errors.ToString();
        var begin = errorsAreCut ? text.IndexOf('\n', StringComparison.Ordinal) : 0;
        return begin < 0 ? "" : text[begin..(text.LastIndexOf('\n') + 1)];
    }

    private string WithoutSecrets(string said)
    {
        // In JSON a key's lines are joined by "\n", and a token's '+' may be written "\u002B": stderr may have either spelling.
        var printed = output.ToString();
        var secrets = TokenLike().Matches(printed).Concat(TokenLike().Matches(JsonEscape().Replace(printed, Unescape)))
            .Select(match => match.Value).Where(word => !IsOfTheProtocol(word)).Distinct(StringComparer.Ordinal);
        return secrets.OrderByDescending(word => word.Length).Aggregate(CredentialLike().Replace(said, "***"), (text, secret) => text.Replace(secret, "***", StringComparison.Ordinal));
    }

    // Of the rest only that it ends a word matters.
    private static string Unescape(Match escape) => escape.Value switch
    {
        @"\/" => "/",
        { Length: 6 } code => ((char)ushort.Parse(code.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToString(),
        _ => " ",
    };

    private static bool IsOfTheProtocol(string word) => word is "ExecCredential" or "expirationTimestamp" || word.StartsWith(ExecCredential.Group, StringComparison.Ordinal);

    // A plugin in debug mode prints what it gets: JSON web tokens, PEM, and whatever follows the word 'Bearer'.
    [GeneratedRegex(@"eyJ[\w-]{8,}(\.[\w-]*)*|(?<=bearer\s+)\S+|-----BEGIN [\s\S]*?(-----END [^-\r\n]*-----|\z)", RegexOptions.IgnoreCase)]
    private static partial Regex CredentialLike();

    [GeneratedRegex(@"\\(u[0-9a-fA-F]{4}|.)")]
    private static partial Regex JsonEscape();

    // Shorter words are those that people write: a token of fewer characters could be guessed.
    [GeneratedRegex(@"[\w.~+/=-]{12,}")]
    private static partial Regex TokenLike();
}
