using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace DalpHa.Completion;

/// <summary>Completes the path of a file of ours: folders, and YAML files.</summary>
public sealed class YamlPathCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        CompletionCompleters.CompleteFilename(wordToComplete).Where(IsFolderOrYaml);

    private static bool IsFolderOrYaml(CompletionResult result) =>
        result.ResultType == CompletionResultType.ProviderContainer
        || Path.GetExtension(result.ListItemText) is ".yaml" or ".yml";
}
