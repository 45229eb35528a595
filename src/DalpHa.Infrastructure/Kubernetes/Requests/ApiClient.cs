using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DalpHa.Core.Errors;
using Polly;
using Polly.Retry;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// Asks one API server. Every request, with its retries, its answer's headers and its whole body, ends within the timeout; a list takes one
/// such request per page. Reads (and access reviews, which change nothing) are repeated while that may help; a write is made so that it may be too.
/// </summary>
internal sealed class ApiClient : IDisposable
{
    // Secrets can hold a mebibyte each, and a page of them is in memory at once.
    private const long MaxAnswerBytes = 256L * 1024 * 1024;
    private const int MaxPages = 2000;
    private const int DefaultPageSize = 500;

    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(200);

    private readonly SessionSource sessions;
    private readonly ApiFaults faults;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;
    private readonly ResiliencePipeline retry;

    /// <summary>Makes a client; nothing is sent yet.</summary>
    public ApiClient(SessionSource sessions, ApiFaults faults, TimeSpan timeout, TimeProvider time)
    {
        this.sessions = sessions;
        this.faults = faults;
        this.timeout = timeout;
        this.time = time;
        retry = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<ApiFault>(f => f.IsTransient),
                MaxRetryAttempts = 5,
                Delay = ShortestWait,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                // Told to come back at once, we would have used up all attempts within a moment.
                DelayGenerator = static arguments => ValueTask.FromResult((arguments.Outcome.Exception as ApiFault)?.RetryAfter is { } wait && wait > ShortestWait ? wait : (TimeSpan?)null),
            })
            .Build();
    }

    /// <summary>Reads one object, or null when there is none.</summary>
    public async Task<T?> FindAsync<T>(ApiRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await SendAsync(request, HttpMethod.Get, null, type, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException exception) when (exception.ErrorId == "ApiNotFound")
        {
            return null;
        }
    }

    /// <summary>Posts a question and reads the answer.</summary>
    public Task<TAnswer> AskAsync<TQuestion, TAnswer>(ApiRequest request, TQuestion question, JsonTypeInfo<TQuestion> questionType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken)
        where TAnswer : class =>
        SendAsync(request, HttpMethod.Post, () => ToJson(question, questionType), answerType, cancellationToken);

    /// <summary>Writes, and reads what became of it.</summary>
    /// <exception cref="DalpException">It was refused, or may have been done and its answer lost.</exception>
    public async Task<T> WriteAsync<T>(ApiWrite<T> write, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var isInDoubt = false;
        try
        {
            return await RunAsync(
                write.Request,
                async (session, token) =>
                {
                    try
                    {
                        return await AttemptAsync(session, write.Request, write.Method, write.ToContent(), type, token).ConfigureAwait(false);
                    }
                    catch (Exception exception) when (!token.IsCancellationRequested)
                    {
                        var fault = exception as ApiFault ?? faults.FromException(write.Request, exception);
                        isInDoubt |= fault is { IsTransient: true, IsUndone: false };
                        throw fault;
                    }
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException conflict) when (isInDoubt && conflict.ErrorId == "ApiConflict" && write is { ReadBack: not null, IsOurs: not null })
        {
            // The attempt whose answer was lost may be the one that was in the way of the next.
            var there = await FindAsync(write.ReadBack, type, cancellationToken).ConfigureAwait(false);
            if (there is not null && write.IsOurs(there))
            {
                return there;
            }
            throw;
        }
    }

    /// <summary>Reads a list, page by page, keeping of each object only what <paramref name="keep"/> makes of it.</summary>
    /// <param name="request">What to list.</param>
    /// <param name="type">The list's type.</param>
    /// <param name="keep">The result for one object; null leaves it out.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="pageSize">Objects per page; fewer where one object can be large.</param>
    public async Task<IReadOnlyList<TResult>> ListAsync<TItem, TResult>(
        ApiRequest request, JsonTypeInfo<WireList<TItem>> type, Func<TItem, TResult?> keep, CancellationToken cancellationToken, int pageSize = DefaultPageSize)
        where TResult : class
    {
        try
        {
            return await ReadPagesAsync(request, type, keep, pageSize, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException exception) when (exception.ErrorId == "ApiListExpired")
        {
            // etcd compacted the revision that the pages were read at. What was read is of another moment than a second half would be.
            return await ReadPagesAsync(request, type, keep, pageSize, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Opens a WebSocket in the first of the protocols that the server speaks. Connecting is bounded by the timeout; the open socket is the caller's.</summary>
    public Task<ClientWebSocket> ConnectAsync(ApiRequest request, IReadOnlyList<string> subProtocols, CancellationToken cancellationToken) =>
        RunAsync(
            request,
            async (session, token) =>
            {
                try
                {
                    return await session.ConnectAsync(request.Path, subProtocols, token).ConfigureAwait(false);
                }
                catch (WebSocketRefusedException refused)
                {
                    throw faults.From(request, refused.Status, said: "");
                }
            },
            cancellationToken);

    /// <summary>Closes the connections.</summary>
    public void Dispose() => sessions.Dispose();

    private async Task<IReadOnlyList<TResult>> ReadPagesAsync<TItem, TResult>(
        ApiRequest request, JsonTypeInfo<WireList<TItem>> type, Func<TItem, TResult?> keep, int pageSize, CancellationToken cancellationToken)
        where TResult : class
    {
        var results = new List<TResult>();
        string? next = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var list = await SendAsync(request.Page(pageSize, next), HttpMethod.Get, null, type, cancellationToken).ConfigureAwait(false);
            // An answer that merely parses would read as an empty list, and an empty list as "nothing wrong".
            if (list.Kind?.EndsWith("List", StringComparison.Ordinal) != true)
            {
                throw faults.Invalid(request, $"is of kind '{list.Kind}', not a list").Failure;
            }
            results.AddRange((list.Items ?? []).Select(keep).OfType<TResult>());
            next = list.Metadata?.Continue;
            if (string.IsNullOrEmpty(next))
            {
                return results;
            }
        }
        throw faults.Invalid(request, $"has no end: {MaxPages} pages were read").Failure;
    }

    private Task<T> SendAsync<T>(ApiRequest request, HttpMethod method, Func<HttpContent>? content, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class =>
        RunAsync(
            request,
            (session, token) => AttemptAsync(session, request, method, content?.Invoke(), type, token),
            cancellationToken);

    private async Task<T> AttemptAsync<T>(ApiSession session, ApiRequest request, HttpMethod method, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        using var response = await session.SendAsync(method, request.Path, content, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw await faults.FromAnswerAsync(request, response, time, cancellationToken).ConfigureAwait(false);
        }
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var bounded = new BoundedStream(stream, MaxAnswerBytes);
        return await JsonSerializer.DeserializeAsync(bounded, type, cancellationToken).ConfigureAwait(false) ?? throw faults.Invalid(request, "is empty");
    }

    private async Task<T> RunAsync<T>(ApiRequest request, Func<ApiSession, CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        // The plugin that makes the credentials has a bound of its own; the request's starts when they are there.
        var session = await sessions.GetAsync(refused: null, cancellationToken).ConfigureAwait(false);
        try
        {
            return await RunAsync(request, session, attempt, cancellationToken).ConfigureAwait(false);
        }
        catch (DalpException exception) when (exception.ErrorId == "ApiUnauthorized" && sessions.CanRenew)
        {
            session = await sessions.GetAsync(refused: session, cancellationToken).ConfigureAwait(false);
            return await RunAsync(request, session, attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<T> RunAsync<T>(ApiRequest request, ApiSession session, Func<ApiSession, CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var started = time.GetTimestamp();
        ApiFault? last = null;
        try
        {
            return await retry.ExecuteAsync(
                async token =>
                {
                    try
                    {
                        return await attempt(session, token).ConfigureAwait(false);
                    }
                    catch (Exception exception) when (!token.IsCancellationRequested)
                    {
                        last = exception as ApiFault ?? faults.FromException(request, exception);
                        // To wait longer than the bound would only turn a cause that is known into a timeout.
                        throw last.RetryAfter > timeout - time.GetElapsedTime(started) ? new ApiFault(last.Failure) : last;
                    }
                },
                bound.Token).ConfigureAwait(false);
        }
        catch (ApiFault fault)
        {
            throw fault.Failure;
        }
        catch (Exception exception) when (bound.IsCancellationRequested && exception is not DalpException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw last?.Failure ?? faults.TimedOut(request, timeout);
        }
    }

    private static ByteArrayContent ToJson<T>(T value, JsonTypeInfo<T> type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }
}
