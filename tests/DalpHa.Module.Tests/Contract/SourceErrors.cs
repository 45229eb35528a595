using System.Text.RegularExpressions;

namespace DalpHa.Module.Tests.Contract;

/// <summary>The failures that the source can make, and the page that tells operators of them.</summary>
public static partial class SourceErrors
{
    /// <summary>Each error id that the source names, with its kind of failure and the file.</summary>
    public static IReadOnlyList<(string Id, string Kind, string File)> All { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(PackagedModule.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Intersect(["bin", "obj"]).Any())
            .SelectMany(file => Failure().Matches(File.ReadAllText(file)), (file, match) => (match.Groups["id"].Value, match.Groups["kind"].Value, Path.GetFileName(file))),
    ];

    /// <summary>The rows of docs/errors.md.</summary>
    public static IReadOnlyList<(string Id, string Category, string When, string Action)> Page { get; } =
    [
        .. Row().Matches(File.ReadAllText(Path.Combine(PackagedModule.Root, "docs", "errors.md")))
            .Where(match => match.Groups[1].Value is not ("id" or "---"))
            .Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value, match.Groups[4].Value)),
    ];

    // A kind that is an argument, with the literal before it where an id belongs; a kind that is a pattern has no comma after it.
    [GeneratedRegex("""(?:"(?<id>[^"]*)",\s*)?\bFaultKind\.(?<kind>\w+),""")]
    private static partial Regex Failure();

    [GeneratedRegex(@"^\| (\S+) \| (\S+) \| (.+?) \| (.+?) \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
