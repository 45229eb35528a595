using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Host;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;

namespace DalpHa.Commands.Failover;

/// <summary>A cmdlet that runs a failover, from its beginning or from where it stood.</summary>
public abstract class FailoverRunCommand : FailoverCommand
{
    /// <summary>The last step to run; without it all are.</summary>
    [Parameter]
    [ValidateSet(FailoverSteps.Freeze, FailoverSteps.Confirm, FailoverSteps.Promote, FailoverSteps.Workloads, FailoverSteps.Validators,
        FailoverSteps.Traffic, FailoverSteps.Validate, FailoverSteps.Isolate)]
    public string? Until
    {
        get;
        // PowerShell takes any case of it.
        set => field = value is null ? null : FailoverSteps.Require(value);
    }

    /// <summary>For steps that people do: who vouches that it is done, by step name: <c>@{ validators = 'name: what was seen' }</c>. Without it the owner is asked.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Attest { get; set; }

    /// <summary>Your name, with which you vouch that the process that held the lease is gone. Only needed when the lease was not given back.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TakeOver { get; set; }

    /// <summary>Yes: what follows in a script rests on it, and a second failover must not begin behind the back of one that failed.</summary>
    private protected override bool EndsAtFirstError => true;

    /// <summary>Runs or resumes, with the people beside it, and returns the failover.</summary>
    /// <param name="settings">What both sites are opened with.</param>
    /// <param name="run">Runs it.</param>
    /// <param name="agreesAsync">Asks whether to, with the sites open and nothing begun; null where nobody is to be asked.</param>
    /// <param name="cancellationToken">Stops before the next step or action.</param>
    private protected async Task RunAsync(
        FailoverSettings settings, Func<FailoverRun, Task<DalpFailover>> run, Func<FailoverWorld, Task<bool>>? agreesAsync, CancellationToken cancellationToken)
    {
        var crew = new CmdletCrew(this, FailoverInput.Vouched(Attest), cancellationToken);
        var session = Open(settings, null, cancellationToken);
        await using (session.ConfigureAwait(false))
        {
            if (agreesAsync is not null && !await agreesAsync(session.World).ConfigureAwait(false))
            {
                return;
            }
            var failover = await run(new FailoverRun(session.World, FailoverStore.Default, FailoverRunner.Here(TakeOver), crew, WarnQuietly)).ConfigureAwait(false);
            crew.End();
            if (failover.HandOver is { } handOver)
            {
                Warn(handOver);
            }
            Emit(failover);
        }
    }

    /// <summary>Tells what would be done up to the last step that is asked for, or to the first that something is in the way of; changes nothing.</summary>
    /// <param name="settings">What both sites are opened with.</param>
    /// <param name="goOnAsync">The world as it is to be gone on in; null where there is nothing to go on with.</param>
    /// <param name="cancellationToken">Ends the rehearsal.</param>
    private protected async Task RehearseAsync(FailoverSettings settings, Func<FailoverWorld, Task<FailoverWorld?>> goOnAsync, CancellationToken cancellationToken)
    {
        var told = new List<ToldWrite>();
        var session = Open(settings, told.Add, cancellationToken);
        await using (session.ConfigureAwait(false))
        {
            if (await goOnAsync(session.World).ConfigureAwait(false) is not { } world)
            {
                return;
            }
            var ends = await new FailoverRehearsal(world).RunAsync(Until, told, cancellationToken).ConfigureAwait(false);
            await TellAsync(told).ConfigureAwait(false);
            foreach (var end in ends)
            {
                EmitWarning(end);
            }
        }
    }

    /// <summary>
    /// Sees to it that a run which asks nobody before its steps does not end after the promotion, at the first step that people vouch for and nobody is there to. Whether
    /// a host can ask shows only when it does: so it asks once, before anything is begun, and only where words are missing.
    /// </summary>
    /// <param name="runbook">The runbook.</param>
    /// <param name="begun">The journal of one that goes on; null for one that begins.</param>
    /// <returns>False when somebody was asked, and said No.</returns>
    /// <exception cref="DalpException">Words are missing, and nobody could be asked (<c>NobodyToAsk</c>).</exception>
    private protected async Task<bool> IsAttendedAsync(DalpRunbook runbook, JournalChain? begun)
    {
        var open = FailoverSequence.ToVouchFor(runbook, Until, FailoverInput.Vouched(Attest).Keys, begun).ToList();
        if (open.Count == 0 || await AskAsync(() => IsToAsk).ConfigureAwait(false))
        {
            return true;
        }
        var names = string.Join(", ", open.Select(step => step.Name));
        var words = string.Join("; ", open.Select(step => $"{step.Name} = 'name: what was seen'"));
        var before = FailoverSequence.Before(open[0].Name) is { } last ? $", or only up to the step before them: -Until {last}" : "";
        var question = $"Nobody is asked before a step begins, but people vouch for some of them, and are asked here when it comes to that: {string.Join(", ", open.Select(step => $"{step.Name} ({step.Owner})"))}. Is somebody here who answers?";
        return await Ask(
            () => ShouldContinue(question, "Steps that people vouch for"),
            $"-Attest @{{ {words} }}{before}",
            $"Nothing was done. People vouch for {names}, and nobody could be asked for their word").ConfigureAwait(false);
    }

    /// <summary>
    /// Asks on the pipeline thread. That the host has nobody to answer, or fails to ask, is the asker's to handle, and no end of the pipeline: what was begun is to be told and
    /// handed over.
    /// </summary>
    /// <param name="question">The question.</param>
    /// <param name="otherwise">How it is answered beforehand.</param>
    /// <param name="unasked">What it means that nobody could be asked.</param>
    /// <exception cref="DalpException">Nobody could be asked (<c>NobodyToAsk</c>), or the prompt failed (<c>PromptFailed</c>).</exception>
    internal Task<T> Ask<T>(Func<T> question, string otherwise, string unasked = "Nobody could be asked") => AskAsync(() =>
    {
        try
        {
            return question();
        }
        // What hosts say who can't ask: the engine's own where there is no host, that of pwsh -NonInteractive, and those that have no prompts.
        catch (Exception exception) when (exception is (HostException and not PromptingException) or PSInvalidOperationException or NotImplementedException or NotSupportedException)
        {
            throw new DalpException("NobodyToAsk", FaultKind.Unavailable, $"{unasked}: {exception.Message}", $"Go on where somebody can be asked, or with {otherwise}.", null, exception);
        }
        catch (Exception exception) when (exception is not (PipelineStoppedException or OperationCanceledException or DalpException))
        {
            throw new DalpException("PromptFailed", FaultKind.Unavailable, $"The prompt ended with an error of its own: {exception.Message}", $"Go on in another host or terminal, or with {otherwise}.", null, exception);
        }
    });

    /// <summary>
    /// Asks one owner for himself. ShouldProcess would offer Yes to All, and the engine would answer for every owner after him by it, whose names the journal then has for
    /// what nobody asked them. Call it on the pipeline thread.
    /// </summary>
    /// <param name="text">What is to be agreed to.</param>
    /// <param name="question">The same as a question.</param>
    /// <param name="caption">Its caption.</param>
    internal bool Agrees(string text, string question, string caption) => IsToAsk ? ShouldContinue(question, caption) : ShouldProcess(text, question, caption);

    // As ShouldProcess decides it, for an impact that is high.
    private bool IsToAsk => MyInvocation.BoundParameters.TryGetValue("Confirm", out var given)
        ? LanguagePrimitives.IsTrue(given)
        : LanguagePrimitives.ConvertTo<ConfirmImpact>(SessionState.PSVariable.GetValue("ConfirmPreference", ConfirmImpact.High)) != ConfirmImpact.None;

    /// <summary>Shows progress, as long as anybody looks.</summary>
    internal void ShowProgress(ProgressRecord record) => Quietly(() => EmitProgress(record));

    /// <summary>Tells a line to who listens.</summary>
    internal void Tell(string line) => Quietly(() => EmitVerbose(line));

    /// <summary>Warns of what stops nothing, as long as anybody looks.</summary>
    internal void Warn(string text) => WarnQuietly(text);
}
