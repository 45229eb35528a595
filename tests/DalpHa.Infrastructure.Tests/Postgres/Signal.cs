using System.Diagnostics;
using System.Globalization;
using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>Sends signals to processes of a server.</summary>
internal static class Signal
{
    public static async Task SendAsync(string signal, params int[] processIds)
    {
        using var kill = Process.Start("kill", [signal, .. processIds.Select(id => id.ToString(CultureInfo.InvariantCulture))]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Stops the postmaster and every session and worker that it has, until the result is disposed of.</summary>
    public static async Task<IAsyncDisposable> HangAsync(PostgresServer server)
    {
        var sessions = (int[])(await server.ExecuteAsync("SELECT array_agg(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()", TestContext.Current.CancellationToken))!;
        int[] all = [server.ProcessId!.Value, .. sessions];
        await SendAsync("-STOP", all);
        return new Hung(all);
    }

    private sealed class Hung(int[] processIds) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await SendAsync("-CONT", processIds);
    }
}
