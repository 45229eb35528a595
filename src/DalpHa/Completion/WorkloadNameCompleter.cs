using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace DalpHa.Completion;

/// <summary>Completes the names of the topology's rules for workloads, with what each is for as the tooltip. Those of the workloads themselves only the cluster knows.</summary>
public sealed class WorkloadNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var rules = TypedTopology.Find(fakeBoundParameters)?.Workloads ?? [];
        return Offers.Matching(wordToComplete, rules.Select(rule => rule.Name), name => $"{rules.First(rule => rule.Name == name).Role}: {rules.First(rule => rule.Name == name).Selector}");
    }
}
