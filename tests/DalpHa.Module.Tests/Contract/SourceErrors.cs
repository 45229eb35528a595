using System.Text.RegularExpressions;

namespace DalpHa.Module.Tests.Contract;

/// <summary>The failures that the source can make, and the page that tells operators of them.</summary>
public static partial class SourceErrors
{
    /// <summary>Each error id that the source names, with its kind of failure and the file.</summary>
    public static IReadOnlyList<(string Id, string Kind, string File)> All { get; } = [.. Read()];

    /// <summary>The rows of docs/errors.md.</summary>
    public static IReadOnlyList<(string Id, string Category, string When, string Action)> Page { get; } =
    [
        .. Row().Matches(File.ReadAllText(Path.Combine(PackagedModule.Root, "docs", "errors.md")))
            .Where(match => match.Groups[1].Value is not ("id" or "---"))
            .Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value, match.Groups[4].Value)),
    ];

    private static IEnumerable<(string Id, string Kind, string File)> Read()
    {
        var files = Directory.EnumerateFiles(Path.Combine(PackagedModule.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Intersect(["bin", "obj"]).Any())
            .Select(file => (Name: Path.GetFileName(file), Text: File.ReadAllText(file)))
            .ToList();
        // Each kind of document has one error for all that is wrong in a file; its id is made of the document's noun.
        var documents = files.SelectMany(file => DocumentNoun().Matches(file.Text)).Select(match => match.Groups[1].Value).ToList();
        foreach (var (name, text) in files)
        {
            foreach (Match match in Failure().Matches(text))
            {
                var ids = match.Groups["document"].Success ? documents.Select(noun => $"{char.ToUpperInvariant(noun[0])}{noun[1..]}Invalid") : [match.Groups["id"].Value];
                foreach (var id in ids)
                {
                    yield return (id, match.Groups["kind"].Value, name);
                }
            }
        }
    }

    // A kind that is an argument, with the literal before it where an id belongs; a kind that is a pattern has no comma after it.
    [GeneratedRegex("""(?:"(?<id>[^"]*)",\s*|(?<document>\b[Kk]ind\.ErrorId),\s*)?\bFaultKind\.(?<kind>\w+),""")]
    private static partial Regex Failure();

    [GeneratedRegex("""DocumentKind<\w+> Kind \{ get; \} = new\(\s*"(\w+)",""")]
    private static partial Regex DocumentNoun();

    [GeneratedRegex(@"^\| (\S+) \| (\S+) \| (.+?) \| (.+?) \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
