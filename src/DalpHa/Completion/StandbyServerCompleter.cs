using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace DalpHa.Completion;

/// <summary>Completes the names of the standby's database servers, as the topology has them.</summary>
public sealed class StandbyServerCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        TypedTopology.Find(fakeBoundParameters) is { Standby: { Database: { } database } site }
            ? Offers.Matching(wordToComplete, database.Servers.Select(server => server.Name), name => $"{name} of {site.Name}")
            : [];
}
