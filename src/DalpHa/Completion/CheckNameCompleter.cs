using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using DalpHa.Core.Readiness;

namespace DalpHa.Completion;

/// <summary>Completes the names of readiness checks, with what each makes sure of as the tooltip.</summary>
public sealed class CheckNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        ReadinessChecks.All
            .Where(check => check.Name.StartsWith(wordToComplete.Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
            .Select(check => new CompletionResult(check.Name, check.Name, CompletionResultType.ParameterValue, check.Description));
}
