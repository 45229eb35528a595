using DalpHa.Core.Errors;

namespace DalpHa.Core.Topology;

/// <summary>
/// How long a site is waited for. One that a person has vouched to be gone, and that has been silent for the whole bound of a request, is not waited for that
/// long again, look after look, while an outage lasts: it is asked on in the background, each time with the whole bound, and whoever looks asks anew and waits
/// a moment. Its first answer to anybody, and be it a refusal, ends that: from then on everybody waits as long as ever.
/// </summary>
/// <param name="isGone">Whether somebody has vouched that the site is gone. For any other every request is waited for as long as its own bound.</param>
/// <param name="time">The clock.</param>
public sealed class SitePatience(bool isGone, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private readonly Dictionary<string, Silence> silences = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource ending = new();

    /// <summary>How long a look at a silent site waits: longer than a site that is well needs for an answer, and shorter than a measurement may be old.</summary>
    public static TimeSpan Moment { get; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Of a site that is there.</summary>
    public static SitePatience Full { get; } = new(false, TimeProvider.System);

    /// <summary>Asks the site.</summary>
    /// <param name="endpoint">What of it is asked: each has been silent for a whole bound before it is waited for less.</param>
    /// <param name="askAsync">Asks, within a bound of its own.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="mayRepeat">Whether it may be asked in the background as well, at the same time.</param>
    /// <exception cref="DalpException">What <paramref name="askAsync"/> throws; where it was not waited for, what it threw last, with the time since when the site is silent.</exception>
    public async Task<T> AskAsync<T>(string endpoint, Func<CancellationToken, Task<T>> askAsync, CancellationToken cancellationToken, bool mayRepeat = true)
    {
        if (!isGone)
        {
            return await askAsync(cancellationToken).ConfigureAwait(false);
        }
        return await (SilenceOf(endpoint) is null ? HearAsync(endpoint, askAsync, askAsync(cancellationToken), mayRepeat) : AskBrieflyAsync(endpoint, askAsync, cancellationToken, mayRepeat)).ConfigureAwait(false);
    }

    /// <summary>Asks the site for what can be done without: one that somebody has vouched to be gone is waited for a moment, and not at all while it is known to be silent.</summary>
    /// <returns>The answer; null when there was none.</returns>
    public async Task<T?> AskInPassingAsync<T>(string endpoint, Func<CancellationToken, Task<T>> askAsync, CancellationToken cancellationToken)
        where T : class
    {
        if (SilenceOf(endpoint) is not null)
        {
            return null;
        }
        using var late = new CancellationTokenSource(isGone ? Moment : Timeout.InfiniteTimeSpan, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await askAsync(bound.Token).ConfigureAwait(false);
        }
        catch (DalpException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Ends what is asked in the background.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] asking;
        lock (gate)
        {
            ending.Cancel();
            asking = [.. silences.Values.Select(silence => silence.Asking)];
        }
        await Task.WhenAll(asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    private static bool IsSilence(DalpException failure) => failure.Kind is FaultKind.Unreachable or FaultKind.TimedOut;

    // Whatever comes of an ask counts: an answer, a refusal, and silence for its whole bound.
    private async Task<T> HearAsync<T>(string endpoint, Func<CancellationToken, Task<T>> askAsync, Task<T> asking, bool mayRepeat)
    {
        try
        {
            var answer = await asking.ConfigureAwait(false);
            Hear();
            return answer;
        }
        catch (DalpException failure) when (IsSilence(failure))
        {
            Note(endpoint, failure, mayRepeat ? askAsync : null);
            throw;
        }
        catch (DalpException)
        {
            Hear();
            throw;
        }
    }

    private async Task<T> AskBrieflyAsync<T>(string endpoint, Func<CancellationToken, Task<T>> askAsync, CancellationToken cancellationToken, bool mayRepeat)
    {
        using var own = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = HearAsync(endpoint, askAsync, askAsync(own.Token), mayRepeat);
        try
        {
            return await asking.WaitAsync(Moment, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (SilenceOf(endpoint) is not { } silence)
            {
                // Somebody else has had an answer meanwhile.
                return await asking.ConfigureAwait(false);
            }
            if (mayRepeat)
            {
                AskOn(silence, askAsync);
            }
            await own.CancelAsync().ConfigureAwait(false);
            try
            {
                // It may have been answered at the last moment.
                return await asking.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw silence.Told();
            }
        }
    }

    private Silence? SilenceOf(string endpoint)
    {
        lock (gate)
        {
            return silences.GetValueOrDefault(endpoint);
        }
    }

    private void Hear()
    {
        lock (gate)
        {
            silences.Clear();
        }
    }

    private void Note(string endpoint, DalpException failure, Func<CancellationToken, Task>? askAsync)
    {
        Silence? silence;
        lock (gate)
        {
            if (!silences.TryGetValue(endpoint, out silence))
            {
                silences[endpoint] = silence = new Silence(failure, time.GetUtcNow());
            }
        }
        if (askAsync is not null)
        {
            AskOn(silence, askAsync);
        }
    }

    // Each silence is asked on by one at a time.
    private void AskOn(Silence silence, Func<CancellationToken, Task> askAsync)
    {
        lock (gate)
        {
            if (silence.Asking.IsCompleted && !ending.IsCancellationRequested)
            {
                silence.Asking = Task.Run(() => AskOnAsync(silence, askAsync, ending.Token));
            }
        }
    }

    private async Task AskOnAsync(Silence silence, Func<CancellationToken, Task> askAsync, CancellationToken cancellationToken)
    {
        while (IsKept(silence))
        {
            try
            {
                await askAsync(cancellationToken).ConfigureAwait(false);
                Hear();
            }
            catch (DalpException failure) when (IsSilence(failure))
            {
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
            catch (DalpException)
            {
                Hear();
            }
        }
    }

    private bool IsKept(Silence silence)
    {
        lock (gate)
        {
            return silences.ContainsValue(silence);
        }
    }

    private sealed class Silence(DalpException failure, DateTimeOffset since)
    {
        public Task Asking { get; set; } = Task.CompletedTask;

        public DalpException Told() => new(
            failure.ErrorId, failure.Kind, $"{failure.Message} It has been silent since {since:HH:mm:ss} UTC, and is asked on.", failure.RecommendedAction, failure.Target, failure);
    }
}
