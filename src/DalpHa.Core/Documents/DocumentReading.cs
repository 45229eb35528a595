using DalpHa.Core.Documents.Shapes;
using DalpHa.Core.Errors;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Documents;

/// <summary>What came of reading one file: what it means, and everything that is wrong with it.</summary>
/// <typeparam name="T">What the file describes.</typeparam>
public sealed class DocumentReading<T>
    where T : class
{
    // More than a screen of them hides the first, which is often the cause of the others.
    private const int MostShown = 20;

    private readonly DocumentKind<T> kind;

    private DocumentReading(DocumentKind<T> kind, string path, T? value, IReadOnlyList<DocumentDiagnostic> diagnostics, Func<string, (int Line, int Column)> positionOf) =>
        (this.kind, Path, Value, Diagnostics, PositionOf) = (kind, path, value, diagnostics, positionOf);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What it describes; null when it has any error.</summary>
    public T? Value { get; }

    /// <summary>All that was found, in the order of the file.</summary>
    public IReadOnlyList<DocumentDiagnostic> Diagnostics { get; }

    /// <summary>Where in the file a key stands, or its nearest parent.</summary>
    public Func<string, (int Line, int Column)> PositionOf { get; }

    /// <summary>The diagnostics; when they hold no error, one Pass that says so comes first.</summary>
    public IEnumerable<DocumentDiagnostic> Conclusions => Value is null
        ? Diagnostics
        : Diagnostics.Prepend(new DocumentDiagnostic(Path, 0, 0, CheckStatus.Pass, "Valid", System.IO.Path.GetFileName(Path), $"The {kind.Noun} is valid.", ""));

    /// <summary>What the file describes, or one error that tells everything that is wrong with it.</summary>
    /// <exception cref="DalpException">The file has errors (<c>TopologyInvalid</c>, <c>RunbookInvalid</c>).</exception>
    public T Require()
    {
        if (Value is not null)
        {
            return Value;
        }
        var errors = Diagnostics.Where(d => d.Status == CheckStatus.Fail).ToList();
        var count = errors.Count == 1 ? "one error" : $"{errors.Count} errors";
        var more = errors.Count > MostShown ? $"{Environment.NewLine}… and {errors.Count - MostShown} more." : "";
        throw new DalpException(
            kind.ErrorId,
            FaultKind.InvalidInput,
            $"The {kind.Noun} '{Path}' has {count}:{Environment.NewLine}{string.Join(Environment.NewLine, errors.Take(MostShown))}{more}",
            $"Correct the file; Test-Dalp{kind.Name} shows the same as objects: Test-Dalp{kind.Name} -Path '{Path}'",
            Path);
    }

    /// <summary>The reading of what came from no file: nothing in it can be wrong.</summary>
    internal static DocumentReading<T> Of(DocumentKind<T> kind, T value) => new(kind, "", value, [], _ => (0, 0));

    /// <summary>Reads a document.</summary>
    /// <param name="kind">What it should be.</param>
    /// <param name="document">The document.</param>
    /// <param name="examine">Records more about what was read, and completes it. Not all of it need be sound: it asks before it rests on a key.</param>
    internal static DocumentReading<T> Read(DocumentKind<T> kind, YamlDocument document, Func<T, Findings, T> examine)
    {
        var findings = new Findings(document.Path);
        findings.AddRange(document.SyntaxErrors);
        T? value = null;
        if (document.Root is { } root)
        {
            findings.Locate("", root);
            kind.Root.TryRead(root, "", findings, out value);
            value = value is null ? null : examine(value, findings);
        }
        else if (document.SyntaxErrors.Count == 0)
        {
            findings.Fail((1, 1), "", new Problem("EmptyDocument", $"The file holds no {kind.Noun}.", kind.RequiredKeys));
        }
        return new DocumentReading<T>(kind, document.Path, findings.IsSound("") ? value : null, findings.All, findings.PositionOf);
    }
}
