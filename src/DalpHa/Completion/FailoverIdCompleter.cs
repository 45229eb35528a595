using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;

namespace DalpHa.Completion;

/// <summary>Completes the ids of the failovers that this machine has a journal of, or of the steps by hand with <c>-ByHand</c>; the newest first, with what each is as the tooltip.</summary>
public sealed class FailoverIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var isByHand = fakeBoundParameters.Contains("ByHand");
        var store = isByHand ? HandJournal.DefaultStore : FailoverStore.Default;
        return Offers.Matching(wordToComplete, store.Ids.Reverse(), id => Describe(id, store, isByHand));
    }

    // A journal that can't be read is offered all the same: what is wrong with it, the command tells.
    private static string Describe(string id, FailoverStore store, bool isByHand)
    {
        try
        {
            var chain = JournalFile.Read(store.PathOf(id));
            return chain.Records.Count == 0 ? id : isByHand ? Describe(DalpHandStep.Read(id, chain, null)) : Describe(DalpFailover.Read(id, chain, null));
        }
        catch (DalpException)
        {
            return id;
        }
    }

    private static string Describe(DalpFailover failover) => $"{failover.Kind} of {failover.Topology}, {failover.DeclaredAt:u}: {(failover.NextStep is { } next ? $"next is {next}" : failover.Outcome)}";

    private static string Describe(DalpHandStep step) => $"{step.Step} on {step.Topology}, {step.StartedAt:u}: {step.Outcome}";
}
