using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>Makes requests and watches suffer the current fault.</summary>
internal sealed class FaultGate(TimeProvider time)
{
    private readonly Lock _gate = new();
    private ApiFault _current = ApiFault.None;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ApiFault Current
    {
        get
        {
            lock (_gate)
            {
                return _current;
            }
        }
        set
        {
            TaskCompletionSource changed;
            lock (_gate)
            {
                _current = value;
                changed = _changed;
                _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            changed.SetResult();
        }
    }

    /// <summary>Done when the fault is next changed.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>Lets a new request through, late or never, or answers it in the fault's stead.</summary>
    /// <returns>Whether the request is to be served.</returns>
    public async Task<bool> AdmitAsync(HttpContext context, CancellationToken cancellation)
    {
        await WhileHungAsync(cancellation);
        switch (Current)
        {
            case ApiFault.Slow slow:
                await Task.Delay(slow.Delay, time, cancellation);
                return true;
            case ApiFault.Fail fail:
                await ApiStatus.WriteAsync(context, ApiException.Broken(fail.StatusCode), cancellation);
                return false;
            case ApiFault.Throttle throttle:
                var seconds = Math.Max(1, (int)throttle.RetryAfter.TotalSeconds);
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
                await ApiStatus.WriteAsync(context, ApiException.TooManyRequests(seconds), cancellation);
                return false;
            case ApiFault.Broken:
                await BreakAsync(context, cancellation);
                return false;
            default:
                return true;
        }
    }

    /// <summary>Returns once the endpoint does not hang.</summary>
    public async Task WhileHungAsync(CancellationToken cancellation)
    {
        // The task is taken before the fault is looked at, so that a change between the two is not missed.
        for (var changed = Changed; Current is ApiFault.Hung; changed = Changed)
        {
            await changed.WaitAsync(cancellation);
        }
    }

    private static async Task BreakAsync(HttpContext context, CancellationToken cancellation)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = 4096;
        await context.Response.WriteAsync("{\"kind\":", cancellation);
        await context.Response.Body.FlushAsync(cancellation);
        context.Abort();
    }
}
