using System.Collections.Concurrent;
using System.Management.Automation;
using System.Runtime.ExceptionServices;
using DalpHa.Core.Errors;
using DalpHa.Errors;

namespace DalpHa.Hosting;

/// <summary>
/// A cmdlet whose work is asynchronous. PowerShell's streams belong to the pipeline thread, so everything that the work says or asks is
/// queued, and the pipeline thread pumps the queue until the work is done. Ctrl+C cancels the work and waits for it to wind down:
/// running work is drained, never abandoned.
/// </summary>
public abstract class AsyncCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private BlockingCollection<Action>? queue;

    /// <summary>
    /// The work for one pipeline record. What it throws as <see cref="DalpException"/> is the error of that record: of items that are piped in the next one
    /// has its turn, otherwise the command ends with it.
    /// </summary>
    protected abstract Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Whether an error ends the command even where more items may come.</summary>
    private protected virtual bool EndsAtFirstError => false;

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        using var actions = new BlockingCollection<Action>();
        queue = actions;
        var work = Task.Run(() => RunAsync(stopping.Token));
        _ = work.ContinueWith(_ => actions.CompleteAdding(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        ExceptionDispatchInfo? pipelineFault = null;
        foreach (var action in actions.GetConsumingEnumerable())
        {
            if (pipelineFault is not null)
            {
                continue;
            }
            try
            {
                action();
            }
            catch (Exception exception)
            {
                // The pipeline stops (Ctrl+C, Select-Object -First, -ErrorAction Stop): end the work, then let the reason through.
                pipelineFault = ExceptionDispatchInfo.Capture(exception);
                stopping.Cancel();
            }
        }
        pipelineFault?.Throw();
        Finish(work);
    }

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => stopping.Cancel();

    /// <summary>Writes an object to the pipeline.</summary>
    protected void Emit(object value) => Post(() => WriteObject(value));

    /// <summary>Writes an error for one item; the command goes on.</summary>
    protected void EmitError(DalpException exception) => Post(() => WriteError(exception.ToErrorRecord()));

    /// <summary>Writes a warning.</summary>
    protected void EmitWarning(string text) => Post(() => WriteWarning(text));

    /// <summary>Writes a line for <c>-Verbose</c>.</summary>
    protected void EmitVerbose(string text) => Post(() => WriteVerbose(text));

    /// <summary>Shows progress.</summary>
    protected void EmitProgress(ProgressRecord record) => Post(() => WriteProgress(record));

    /// <summary>
    /// Asks something on the pipeline thread, as ShouldProcess or a prompt, and waits for the answer. A <see cref="DalpException"/> of the
    /// question is the asker's; whatever else it throws is PowerShell's own and ends the pipeline.
    /// </summary>
    protected Task<T> AskAsync<T>(Func<T> question)
    {
        // Ctrl+C may answer first, while the question is still on the screen.
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        // Ctrl+C may answer first, in the middle of a prompt: what the prompt then throws must reach PowerShell as it is.
        Post(() =>
        {
            try
            {
                answer.TrySetResult(question());
            }
            catch (DalpException exception)
            {
                answer.TrySetException(exception);
            }
            catch (Exception exception)
            {
                answer.TrySetException(exception);
                throw;
            }
        });
        stopping.Token.Register(() => answer.TrySetCanceled(stopping.Token));
        return answer.Task;
    }

    private void Post(Action action)
    {
        stopping.Token.ThrowIfCancellationRequested();
        queue!.Add(action);
    }

    private void Finish(Task work)
    {
        if (work.Exception?.InnerException is DalpException known)
        {
            // What is wrong with no one thing (parameters that exclude each other, say) is wrong for every item.
            if (!MyInvocation.ExpectingInput || known.Target is null || EndsAtFirstError)
            {
                ThrowTerminatingError(known.ToErrorRecord());
            }
            WriteError(known.ToErrorRecord());
            return;
        }
        if (work.IsCanceled || work.Exception?.InnerException is OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        if (work.Exception?.InnerException is { } unforeseen)
        {
            ThrowTerminatingError(Unforeseen.From(unforeseen).ToErrorRecord());
        }
    }

    /// <summary>Releases the cancellation source.</summary>
    public void Dispose()
    {
        stopping.Dispose();
        GC.SuppressFinalize(this);
    }
}
