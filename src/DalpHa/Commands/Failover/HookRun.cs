using System.Collections;
using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using DalpHa.Core.Errors;

namespace DalpHa.Commands.Failover;

/// <summary>
/// Runs a hook beside the session: in this process, on the session's console, and in a runspace of its own, so that one that hangs holds up neither the session's
/// prompts nor its end. It is ended when its time is over, and when the operator asks to stop. What is begun after that is begun because of it, as to tell somebody,
/// and has its time.
/// </summary>
/// <param name="host">The session's console.</param>
/// <param name="manifest">This module's manifest: a hook may look as its caller does.</param>
/// <param name="write">Is told each object that the hook writes.</param>
/// <param name="warn">Is told its errors that did not end it.</param>
internal sealed class HookRun(PSHost host, string manifest, Action<string> write, Action<string> warn)
{
    // A program or a cmdlet lets go within it; a call into .NET or native code may never.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    // A script that tells its failure by an exit code has failed as well as one that throws.
    private const string Call = "param($path, $facts) & $path @facts; if (-not $?) { throw $(if ($LASTEXITCODE) { \"It ended with exit code $LASTEXITCODE.\" } else { $Error[0] }) }";

    private volatile bool isLeft;

    /// <summary>Runs it until its end.</summary>
    /// <param name="path">The script.</param>
    /// <param name="facts">Its parameters.</param>
    /// <param name="bound">Ends it: its time is over.</param>
    /// <param name="stopping">Ends it: the operator asks to stop.</param>
    /// <exception cref="DalpException">It failed (<c>HookFailed</c>), or was ended (<c>HookTimedOut</c>, <c>HookStopped</c>).</exception>
    public async Task RunAsync(string path, Hashtable facts, CancellationToken bound, CancellationToken stopping)
    {
        bound.ThrowIfCancellationRequested();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(bound, stopping.IsCancellationRequested ? CancellationToken.None : stopping);
        var clock = Stopwatch.StartNew();
        var shell = PowerShell.Create();
        var ended = end.Token;
        var running = Start(() => Invoke(shell, path, facts, ended));
        try
        {
            await running.WaitAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            var after = clock.Elapsed;
            _ = Start(shell.Stop);
            await Task.WhenAny(running, Task.Delay(Grace, CancellationToken.None)).ConfigureAwait(false);
            isLeft = true;
            throw Ended(path, after, isOver: running.IsCompleted, isStopped: !bound.IsCancellationRequested);
        }
        catch (RuntimeException exception)
        {
            throw new DalpException("HookFailed", FaultKind.LocalResource, $"The hook '{path}' failed: {exception.Message}", "Mend the script, and resume.", path, exception);
        }
        finally
        {
            _ = Start(() => Close(shell));
        }
    }

    private static DalpException Ended(string path, TimeSpan after, bool isOver, bool isStopped)
    {
        var what = isOver ? "was ended" : $"did not end within {Grace.TotalSeconds:0} s of being told to: it still runs, as long as this process does";
        const string State = "What it had begun may be done in part, and programs that it started may still run.";
        return isStopped
            ? new DalpException("HookStopped", FaultKind.LocalResource, $"The operator asked to stop, and the hook '{path}' {what}. {State}", "Look at what it has done, then resume.", path)
            : new DalpException(
                "HookTimedOut", FaultKind.TimedOut, $"The time of the hook '{path}' was over after {after.TotalSeconds:0} s, and it {what}. {State}",
                "Look at what it has done before it is run again. Where it needs longer, the runbook gives it longer: timeout of its step or notification, promotion.rejoinTimeout.", path);
    }

    // A thread that is left to itself must not keep the process from its end; those of the engine's own BeginInvoke and BeginStop would.
    private static Task Start(Action run)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                run();
                ended.SetResult();
            }
            catch (Exception exception)
            {
                ended.SetException(exception);
            }
        })
        { IsBackground = true, Name = "DalpHa hook" }.Start();
        return ended.Task;
    }

    private void Invoke(PowerShell shell, string path, Hashtable facts, CancellationToken end)
    {
        var state = InitialSessionState.CreateDefault2();
        state.ThreadOptions = PSThreadOptions.UseCurrentThread;
        state.ImportPSModule([manifest]);
        shell.Runspace = RunspaceFactory.CreateRunspace(host, state);
        shell.Runspace.Open();
        // Not the session's location: it differs on the machine that resumes, and a session may stand in a folder that is no more.
        shell.Runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(Path.GetDirectoryName(path)!));
        var name = Path.GetFileName(path);
        var lines = new PSDataCollection<PSObject>();
        lines.DataAdded += (_, added) => Say(write, name, lines[added.Index]);
        shell.Streams.Error.DataAdded += (_, added) => Say(warn, name, shell.Streams.Error[added.Index]);
        end.ThrowIfCancellationRequested();
        shell.AddScript(Call).AddParameter("path", path).AddParameter("facts", facts).Invoke(null, lines);
    }

    private void Say(Action<string> listener, string name, object? line)
    {
        if (!isLeft)
        {
            listener($"{name}: {line}");
        }
    }

    // That of a hook which still runs waits for it. Without being closed as far as that goes it would keep pwsh waiting, which closes what is open when it ends.
    private static void Close(PowerShell shell)
    {
        shell.Runspace?.Dispose();
        shell.Dispose();
    }
}
