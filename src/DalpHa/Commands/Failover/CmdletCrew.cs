using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using DalpHa.Core.Failover;
using DalpHa.Core.Readiness;

namespace DalpHa.Commands.Failover;

/// <summary>The people beside a failover, as a PowerShell session reaches them: they are prompted, and shown progress.</summary>
internal sealed class CmdletCrew(FailoverRunCommand cmdlet, IReadOnlyDictionary<string, string> vouched, CancellationToken cancellationToken) : IFailoverCrew
{
    private const string Activity = "Failover";

    // A host that answers by itself must not be asked for ever.
    private const int MostAsked = 10;

    public Task<bool> ConfirmAsync(StepQuestion question, CancellationToken stopping)
    {
        var (step, plan) = (question.Step, question.Plan);
        var actions = step.Stages.SelectMany(stage => stage).Select(action => $"  {action.Site}: {action.Name}");
        var text = string.Join(Environment.NewLine,
        [
            $"Step {question.Number} of {question.Count}, {step.Name}. Owner: {plan.Owner}.",
            $"Measured: {step.Measured}",
            .. step.Preconditions.Select(Line),
            "Does:",
            .. actions.DefaultIfEmpty("  nothing"),
            $"Stop condition: {plan.StopCondition}",
        ]);
        return cmdlet.Ask(() => cmdlet.Agrees(text, $"{text}{Environment.NewLine}Does {plan.Owner} agree?", $"Step {question.Number}: {step.Name}"), "-Confirm:$false");
    }

    public async Task<string?> AttestAsync(StepQuestion question, CancellationToken stopping)
    {
        if (vouched.TryGetValue(question.Step.Name, out var words))
        {
            return words;
        }
        return await cmdlet.Ask(() => Prompt(question), $"-Attest @{{ {question.Step.Name} = 'name: what was seen' }}").ConfigureAwait(false);
    }

    public void Show(FailoverProgress progress)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return;
        }
        cmdlet.ShowProgress(new ProgressRecord(0, Activity, string.Create(CultureInfo.InvariantCulture, $"{progress.Number}/{progress.Count} {progress.Step}, {progress.Elapsed:h\\:mm\\:ss}: {progress.Action ?? progress.Seen}"))
        {
            CurrentOperation = progress.Action is null ? null : progress.Seen,
            PercentComplete = 100 * (progress.Number - 1) / progress.Count,
            SecondsRemaining = progress.Remaining is { } remaining ? (int)remaining.TotalSeconds : -1,
        });
    }

    public void StepEnded(DalpStepResult result)
    {
        cmdlet.Tell(string.Create(CultureInfo.InvariantCulture, $"{result.Step}: {result.Outcome} after {result.Duration?.TotalSeconds:0.0} s. {result.Detail}"));
        foreach (var finding in result.Findings.Where(finding => finding.Status != CheckStatus.Pass))
        {
            cmdlet.Warn($"{result.Step}: {finding.Status} {finding.Check}: {finding.Target}: {finding.Observed}, expected {finding.Expected}. {finding.Detail} {finding.Remediation}");
        }
    }

    /// <summary>Takes the progress away.</summary>
    public void End() => cmdlet.ShowProgress(new ProgressRecord(0, Activity, "Ended") { RecordType = ProgressRecordType.Completed });

    // Half of it is a key pressed too early and no No: it is asked again.
    private string? Prompt(StepQuestion question)
    {
        var (step, plan) = (question.Step, question.Plan);
        var fields = new Collection<FieldDescription> { new("Name"), new("Seen") };
        var text = $"{step.Measured}{Environment.NewLine}Stop condition: {plan.StopCondition}{Environment.NewLine}Who vouches that it is done, and what was seen? Leave both empty to stop here.";
        var missing = "";
        for (var asked = 0; asked < MostAsked; asked++)
        {
            var answers = cmdlet.Host.UI.Prompt($"Step {question.Number} of {question.Count}: {step.Name}. Owner: {plan.Owner}", missing + text, fields);
            var (name, seen) = (Text(answers, "Name"), Text(answers, "Seen"));
            if (name.Length == 0 == (seen.Length == 0))
            {
                return name.Length == 0 ? null : $"{name}: {seen}";
            }
            missing = $"{(name.Length == 0 ? "Who vouches" : "What was seen")} was left empty. Both are needed.{Environment.NewLine}";
        }
        return null;
    }

    private static string Text(Dictionary<string, PSObject> answers, string field) =>
        answers.TryGetValue(field, out var answer) ? answer?.BaseObject?.ToString()?.Trim() ?? "" : "";

    // What was measured says nothing without where, and without what is good enough.
    private static string Line(Precondition precondition)
    {
        var finding = precondition.Finding;
        return $"  {finding.Status} {precondition.Name}: {finding.Site} {finding.Target}: {finding.Observed}, expected {finding.Expected}{(finding.Status == CheckStatus.Warn ? $". {finding.Detail}" : "")}";
    }
}
