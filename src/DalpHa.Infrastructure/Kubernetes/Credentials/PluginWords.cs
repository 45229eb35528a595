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
    private const int ErrorLines = 6;
    private const int ErrorLineLength = 300;

    private readonly StringBuilder output = new();
    private readonly Queue<string> errors = new(ErrorLines + 1);
    private readonly Lock gate = new();

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
            if (errors.Count == 0)
            {
                return "It wrote nothing to stderr.";
            }
            var said = CredentialLike().Replace(string.Join(" | ", errors), "***");
            var secrets = TokenLike().Matches(output.ToString()).Select(match => match.Value).Where(word => !IsOfTheProtocol(word)).Distinct(StringComparer.Ordinal);
            return $"Its last words: {secrets.OrderByDescending(word => word.Length).Aggregate(said, (text, secret) => text.Replace(secret, "***", StringComparison.Ordinal))}";
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
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }
            lock (gate)
            {
                errors.Enqueue(line.Length <= ErrorLineLength ? line.Trim() : line[..ErrorLineLength].Trim() + "…");
                if (errors.Count > ErrorLines)
                {
                    errors.Dequeue();
                }
            }
        }
    }

    private static bool IsOfTheProtocol(string word) => word is "ExecCredential" or "expirationTimestamp" || word.StartsWith(ExecCredential.Group, StringComparison.Ordinal);

    // A plugin in debug mode prints what it gets: JSON web tokens, and whatever follows the word 'Bearer'.
    [GeneratedRegex(@"eyJ[\w-]{8,}(\.[\w-]*)*|(?<=bearer\s+)\S+", RegexOptions.IgnoreCase)]
    private static partial Regex CredentialLike();

    // Shorter words are those that people write: a token of fewer characters could be guessed.
    [GeneratedRegex(@"[\w.~+/=-]{12,}")]
    private static partial Regex TokenLike();
}
