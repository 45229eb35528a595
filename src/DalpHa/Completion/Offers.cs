using System.Management.Automation;
using System.Management.Automation.Language;

namespace DalpHa.Completion;

/// <summary>What Tab offers of things that have names.</summary>
internal static class Offers
{
    /// <summary>Those whose names begin with what is typed, each with what it is as the tooltip, which is made for these alone.</summary>
    public static IEnumerable<CompletionResult> Matching(string wordToComplete, IEnumerable<string> names, Func<string, string> describe) =>
        names.Where(name => name.StartsWith(wordToComplete.Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
            .Select(name => new CompletionResult(Quote(name), name, CompletionResultType.ParameterValue, describe(name)));

    // Names of cloud providers' contexts hold what PowerShell would read as its own.
    private static string Quote(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':') ? name : $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'";
}
