using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace DalpHa.Core.Lab;

/// <summary>One process for certain: an id alone may by now belong to a stranger.</summary>
/// <param name="Id">The process id.</param>
/// <param name="Started">When it started, in whatever the platform tells exactly; compared, never read.</param>
public sealed record ProcessIdentity(int Id, string Started)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>This process.</summary>
    public static ProcessIdentity Current => Of(Environment.ProcessId)!;

    /// <summary>The process that has the id now; null when there is none, or only its exit code is left.</summary>
    public static ProcessIdentity? Of(int id)
    {
        try
        {
            // Process.StartTime is derived from the clock on Linux and shifts when the clock is set; the kernel's own count does not.
            var started = OperatingSystem.IsLinux() ? KernelStart(id) : Process.GetProcessById(id).StartTime.Ticks.ToString(CultureInfo.InvariantCulture);
            return started is null ? null : new ProcessIdentity(id, started);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception or IOException)
        {
            return null;
        }
    }

    /// <summary>Whether this very process runs.</summary>
    public bool IsAlive() => Of(Id) == this;

    /// <summary>Waits for the process to end.</summary>
    /// <returns>Whether it ended within the bound.</returns>
    public async Task<bool> WaitForEndAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; IsAlive(); waited += PollInterval)
        {
            if (waited >= within)
            {
                return false;
            }
            await Task.Delay(PollInterval, cancellationToken).ConfigureAwait(false);
        }
        return true;
    }

    /// <summary>Kills the process, if it is still this one, and waits for its end.</summary>
    /// <returns>Whether it is gone.</returns>
    public async Task<bool> KillAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        try
        {
            if (IsAlive())
            {
                using var process = Process.GetProcessById(Id);
                process.Kill();
            }
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It ended by itself in between, or it is not ours to end: the wait tells which.
        }
        return await WaitForEndAsync(within, cancellationToken).ConfigureAwait(false);
    }

    // proc(5): field 3 is the state and field 22 the start in clock ticks since boot; the command in field 2 may hold spaces and parentheses.
    private static string? KernelStart(int id)
    {
        var stat = File.ReadAllText($"/proc/{id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : $"{BootId}:{fields[19]}";
    }

    private static string BootId => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
