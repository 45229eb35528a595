using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using DalpHa.Core.Errors;
using DalpHa.Hosting;

namespace DalpHa.Completion;

/// <summary>Completes the contexts of the operator's kubeconfig. Where there is none to read it offers nothing: a completer has nobody to tell.</summary>
public sealed class ContextCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Contexts()
            .Where(context => context.StartsWith(wordToComplete.Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
            .Select(context => new CompletionResult(Quote(context), context, CompletionResultType.ParameterValue, context));

    private static IReadOnlyList<string> Contexts()
    {
        try
        {
            return InfrastructureContext.Infrastructure.ListContexts();
        }
        catch (DalpException)
        {
            return [];
        }
    }

    // Names of cloud providers' contexts hold what PowerShell would read as its own.
    private static string Quote(string context) =>
        context.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':') ? context : $"'{CodeGeneration.EscapeSingleQuotedStringContent(context)}'";
}
