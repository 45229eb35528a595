using System.Runtime.CompilerServices;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>
/// The standby's validators are staged at zero. One that answers may run only as long as it can't sign: not in the validator set, proposing
/// nothing, and with no address that a validator of the active has.
/// </summary>
public sealed class ValidatorsCheck : IReadinessCheck
{
    private const string Expected = "staged at zero";
    private const string Fence = "Fence it now: scale it to zero on the standby and see its pods gone. Then find out since when it ran, and whether it signed.";

    /// <inheritdoc/>
    public string Name => "Validators";

    /// <inheritdoc/>
    public string Description => "The standby's validators are staged at zero, or can't sign.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var site = context.Standby;
        if (site.Site.Validators is not { } validators)
        {
            yield return Finding.Unknown(
                site.Name, "validators", "not declared", Expected, "The topology does not say which validators the standby holds, so nobody can say that none of them signs.",
                "Declare them in the topology (sites.standby.validators; an empty list when there are none).");
            yield break;
        }
        var answers = Task.WhenAll(validators.Select(validator => AskAsync(site, validator)));
        var activeAnswers = Task.WhenAll((context.Active.Site.Validators ?? []).Select(validator => AskAsync(context.Active, validator)));
        var isStaged = await IsStagedAsync(context, cancellationToken).ConfigureAwait(false);
        var (problems, staged) = (0, 0);
        foreach (var answer in await answers.WaitAsync(cancellationToken).ConfigureAwait(false))
        {
            var finding = answer.Sample is { } sample
                ? await JudgeRunningAsync(context, answer.Name, sample, activeAnswers.WaitAsync(cancellationToken)).ConfigureAwait(false)
                : JudgeSilent(site, answer, isStaged);
            if (finding is null)
            {
                staged++;
            }
            else
            {
                problems++;
                yield return finding;
            }
        }
        if (validators.Count == 0 && isStaged == false)
        {
            problems++;
            yield return Finding.Unknown(
                site.Name, "validators", "run, not declared", Expected, "Validator pods are on the standby, and the topology names no validator that could be asked whether it signs.",
                "Scale the standby's validators to zero, or declare them in the topology (sites.standby.validators).");
        }
        if (problems == 0)
        {
            yield return Finding.Pass(site.Name, "validators", validators.Count == 0 ? "none declared" : $"{staged} staged, none runs", Expected);
        }
    }

    private static async Task<Answer> AskAsync(SiteView site, ValidatorSettings validator)
    {
        if (validator.Rpc is null)
        {
            return new Answer(validator.Name, null, null);
        }
        try
        {
            return new Answer(validator.Name, await site.GetValidatorAsync(validator).ConfigureAwait(false), null);
        }
        catch (DalpException failure)
        {
            // One that does not answer is what a staged validator looks like: an answer here, and no failure of the check.
            return new Answer(validator.Name, null, failure);
        }
    }

    // Null when the topology has no rule for validators, so that their workloads can't be told from others.
    private static async Task<bool?> IsStagedAsync(ReadinessContext context, CancellationToken cancellationToken)
    {
        var rules = context.Topology.Workloads.Where(rule => rule.Role == WorkloadRole.Validator).ToList();
        if (rules.Count == 0)
        {
            return null;
        }
        var pods = await context.Standby.Pods.WaitAsync(cancellationToken).ConfigureAwait(false);
        var workloads = await context.Standby.Workloads.WaitAsync(cancellationToken).ConfigureAwait(false);
        return workloads
            .Where(workload => rules.Any(rule => rule.Selector.Matches(workload.Labels)))
            .All(workload => workload.IsObserved && workload.Desired == 0 && workload.Ready == 0 && workload.LivePods(pods).Count == 0)
            && rules.All(rule => rule.PodsOfNone(workloads, pods).Count == 0);
    }

    private static Finding? JudgeSilent(SiteView site, Answer answer, bool? isStaged)
    {
        // The cluster says that no pod of it is left; then a refused or unanswered call is what there should be.
        if (isStaged == true && answer.Failure?.Kind is null or FaultKind.Unreachable or FaultKind.TimedOut or FaultKind.Unavailable or FaultKind.NotFound)
        {
            return null;
        }
        return isStaged == false
            ? Finding.Unknown(
                site.Name, answer.Name, "pods, no answer", Expected,
                $"Validator pods are on the standby, and the node can't be asked whether it signs. {answer.Failure?.Message ?? "The topology gives no RPC endpoint for it."}",
                "Scale the standby's validators to zero, or give the node's RPC endpoint in the topology (sites.standby.validators).")
            : Finding.Unknown(
                site.Name, answer.Name, "can't be asked", Expected,
                (answer.Failure?.Message ?? "It has no RPC endpoint in the topology.") + (isStaged is null ? " No workload rule has the role validator, so its pods can't be told from others." : ""),
                "Give the validators' workloads a rule with role: validator and standby: zero in the topology (workloads).");
    }

    private static async Task<Finding?> JudgeRunningAsync(ReadinessContext context, string name, ValidatorSample sample, Task<Answer[]> activeAnswers)
    {
        var site = context.Standby.Name;
        if (sample.ProposedBlocks.GetValueOrDefault(sample.Address) is > 0 and var blocks)
        {
            return Finding.Fail(
                site, name, $"proposed {blocks} of 100 blocks", Expected, $"The address {sample.Address} signs, and a node on the standby holds its key.", Fence);
        }
        if (sample.Validators.Contains(sample.Address))
        {
            return Finding.Fail(
                site, name, "runs, in the set", Expected, $"The node on the standby holds the key of validator {sample.Address}: if the active's runs too, the key signs twice.", Fence);
        }
        var active = await activeAnswers.ConfigureAwait(false);
        if (active.FirstOrDefault(answer => answer.Sample?.Address == sample.Address) is { } twin)
        {
            return Finding.Fail(
                site, name, $"same key as {twin.Name}", "a key of its own", $"The active's validator '{twin.Name}' has the same address {sample.Address}.", Fence);
        }
        if (sample.IsSyncing || sample.Validators.Count == 0 || active.Length == 0 || active.Any(answer => answer.Sample is null))
        {
            return Finding.Unknown(
                site, name, "runs, key not compared", Expected,
                sample.IsSyncing ? $"The node is still catching up (block {sample.BlockNumber}), so its validator set is an old one."
                : sample.Validators.Count == 0 ? "The node names no validator set, so nobody can say that its key is not in it."
                : "Not every validator of the active can be asked, so nobody can say that none of them has the same key.",
                "Stop it on the standby, or check again when all nodes answer.");
        }
        return Finding.Warn(
            site, name, "runs, not in the set", Expected, $"The node runs with the address {sample.Address}, which is no validator's, and signs nothing.",
            "If it is meant to be a validator, stop it until a failover starts it.");
    }

    private sealed record Answer(string Name, ValidatorSample? Sample, DalpException? Failure);
}
