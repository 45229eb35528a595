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
        Offers.Matching(wordToComplete, Contexts(), context => context);

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
}
