using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using DalpHa.Core.Lab;

namespace DalpHa.Commands.Lab;

/// <summary>What the names that an operator gave mean.</summary>
internal static class LabNames
{
    /// <summary>Each pattern by the labs that it matches; a plain name stands for itself, whether there is such a lab or not.</summary>
    public static IReadOnlyList<string> Expand(IEnumerable<string> names, LabRegistry registry) => names
        .SelectMany(name => WildcardPattern.ContainsWildcardCharacters(name)
            ? registry.Names().Where(new WildcardPattern(name, WildcardOptions.IgnoreCase).IsMatch)
            : [name])
        .Distinct(StringComparer.Ordinal)
        .ToList();
}

/// <summary>Completes the names of labs.</summary>
public sealed class LabNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        LabRegistry.Default.Names().Where(name => name.StartsWith(wordToComplete, StringComparison.OrdinalIgnoreCase)).Select(name => new CompletionResult(name));
}
