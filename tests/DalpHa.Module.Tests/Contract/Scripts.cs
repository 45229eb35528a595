using System.Text.RegularExpressions;

namespace DalpHa.Module.Tests.Contract;

/// <summary>Every piece of PowerShell that the repository holds: script files, data files, and the code blocks of its pages.</summary>
public static partial class Scripts
{
    private static readonly string[] Made = [".git", "bin", "obj", "out", "lab", "en-US", "TestResults", "node_modules"];

    /// <summary>All of them, by a name that says where each stands.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = Find().ToDictionary(script => script.Name, script => script.Text, StringComparer.Ordinal);

    /// <summary>Their names, as rows of a theory.</summary>
    public static TheoryData<string> Names => [.. All.Keys];

    /// <summary>The code blocks of one page, in order.</summary>
    public static IReadOnlyList<string> Blocks(string page) => [.. CodeBlock().Matches(File.ReadAllText(page)).Select(match => match.Groups[1].Value)];

    private static IEnumerable<(string Name, string Text)> Find()
    {
        foreach (var file in Files(new DirectoryInfo(PackagedModule.Root)))
        {
            var name = Path.GetRelativePath(PackagedModule.Root, file.FullName).Replace('\\', '/');
            if (file.Extension is ".ps1" or ".psm1" or ".psd1")
            {
                yield return (name, File.ReadAllText(file.FullName));
            }
            else if (file.Extension == ".md")
            {
                foreach (var (index, block) in Blocks(file.FullName).Index())
                {
                    yield return ($"{name} block {index + 1}", block);
                }
            }
        }
    }

    private static IEnumerable<FileInfo> Files(DirectoryInfo folder) => folder.EnumerateFiles()
        .Concat(folder.EnumerateDirectories().Where(child => !Made.Contains(child.Name)).SelectMany(Files));

    [GeneratedRegex(@"^```powershell\r?\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
