using DalpHa.Core.Readiness;

namespace DalpHa.Core.Documents.Shapes;

/// <summary>Collects what is wrong with one document, and remembers where each of its keys stands.</summary>
internal sealed class Findings(string file)
{
    private readonly List<DocumentDiagnostic> diagnostics = [];
    private readonly Dictionary<string, (int Line, int Column)> positions = new(StringComparer.Ordinal);

    /// <summary>The folder that relative paths in the document start from.</summary>
    public string Folder { get; } = Path.GetDirectoryName(Path.GetFullPath(file))!;

    /// <summary>What was found so far, in the order of the file.</summary>
    public IReadOnlyList<DocumentDiagnostic> All => [.. diagnostics.OrderBy(d => d.Line).ThenBy(d => d.Column)];

    /// <summary>Remembers where something stands that has no key: the root, and the items of lists.</summary>
    public void Locate(string subject, YamlNode node) => positions[subject] = (node.Line, node.Column);

    /// <summary>Remembers where a key stands: at its value when that is a single one, else at the key itself.</summary>
    public void Locate(string subject, YamlScalar key, YamlNode value) => Locate(subject, value is YamlScalar ? value : key);

    /// <summary>Where a key stands; where it is not given, its nearest parent.</summary>
    public (int Line, int Column) PositionOf(string subject)
    {
        while (true)
        {
            if (positions.TryGetValue(subject, out var position))
            {
                return position;
            }
            var parent = subject.LastIndexOfAny(['.', '[']);
            if (subject.Length == 0)
            {
                return (1, 1);
            }
            subject = parent < 0 ? "" : subject[..parent];
        }
    }

    /// <summary>Records an error.</summary>
    public void Fail((int Line, int Column) position, string subject, Problem problem) => Add(position, CheckStatus.Fail, subject, problem);

    /// <summary>Records what was found about a key that was read.</summary>
    public void Note(CheckStatus status, string subject, Problem problem) => Add(PositionOf(subject), status, subject, problem);

    /// <summary>Takes over what the syntax showed.</summary>
    public void AddRange(IEnumerable<DocumentDiagnostic> found) => diagnostics.AddRange(found);

    /// <summary>True when nothing is wrong at the key or below it, so that a rule may rest on its value.</summary>
    public bool IsSound(string subject) => !diagnostics.Any(d => d.Status == CheckStatus.Fail && Covers(subject, d.Subject));

    private static bool Covers(string parent, string subject) =>
        subject.StartsWith(parent, StringComparison.Ordinal) && (subject.Length == parent.Length || parent.Length == 0 || subject[parent.Length] is '.' or '[');

    private void Add((int Line, int Column) position, CheckStatus status, string subject, Problem problem) =>
        diagnostics.Add(new DocumentDiagnostic(file, position.Line, position.Column, status, problem.ErrorId, subject, problem.Message, problem.Expected));
}

/// <summary>What is wrong with one value.</summary>
/// <param name="ErrorId">Stable identifier.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Expected">What was expected; may be empty.</param>
internal sealed record Problem(string ErrorId, string Message, string Expected = "");
