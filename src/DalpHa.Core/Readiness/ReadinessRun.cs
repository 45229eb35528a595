using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace DalpHa.Core.Readiness;

/// <summary>
/// Runs checks at the same time and hands on each finding when it is made, so the order is that of the answers, not of the catalog. Whatever
/// happens to a check, it leaves at least one finding: a failed read, a late answer and a defect each become Unknown, and the other checks go on.
/// </summary>
/// <param name="context">What the checks look at.</param>
/// <param name="deadline">How long each check may take.</param>
public sealed class ReadinessRun(ReadinessContext context, TimeSpan deadline)
{
    /// <summary>Runs the checks. Ends when each has answered or is late; leaving the enumeration early ends the checks.</summary>
    public async IAsyncEnumerable<DalpCheckResult> RunAsync(
        IReadOnlyList<IReadinessCheck> checks,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var results = Channel.CreateUnbounded<DalpCheckResult>(new UnboundedChannelOptions { SingleReader = true });
        var running = Task.WhenAll(checks.SelectMany(Parts).Select(part => RunAsync(part, results.Writer, stopping.Token)));
        _ = running.ContinueWith(
            _ => results.Writer.Complete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await foreach (var result in results.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return result;
            }
            cancellationToken.ThrowIfCancellationRequested();
        }
        finally
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            await running.ConfigureAwait(false);
        }
    }

    // What is bounded and reported on its own: a check of each site is two such parts, any other is one.
    private IEnumerable<Part> Parts(IReadinessCheck check) => check is SiteCheck each
        ? context.Sites.Select(site => new Part(check.Name, [site], token => each.RunAsync(site, context, token)))
        : [new Part(check.Name, context.Sites, token => check.RunAsync(context, token))];

    private async Task RunAsync(Part part, ChannelWriter<DalpCheckResult> results, CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(deadline, context.Time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, late.Token);
        var count = 0;
        try
        {
            // The check gets the token and should end by it; the wait ends by it even when the check does not.
            await Task.Run(() => ForwardAsync(ending.Token), ending.Token).WaitAsync(ending.Token).ConfigureAwait(false);
            if (count == 0)
            {
                Write(Unseen.Silent(part.Sites));
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The run ends; nobody reads on.
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            Write(Unseen.Late(part.Sites, deadline));
        }
        catch (Exception exception)
        {
            Write(Unseen.Failed(part.Sites, exception));
        }

        async Task ForwardAsync(CancellationToken token)
        {
            await foreach (var finding in part.Run(token).ConfigureAwait(false))
            {
                token.ThrowIfCancellationRequested();
                count++;
                Write(finding);
            }
        }

        void Write(Finding finding) => results.TryWrite(DalpCheckResult.Of(part.Check, finding, context.Time.GetUtcNow()));
    }

    private sealed record Part(string Check, IReadOnlyList<SiteView> Sites, Func<CancellationToken, IAsyncEnumerable<Finding>> Run);
}
