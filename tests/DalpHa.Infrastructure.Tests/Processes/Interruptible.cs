using System.Diagnostics;
using System.Globalization;

namespace DalpHa.Infrastructure.Tests.Processes;

/// <summary>Starts programs so that they hear SIGINT. Where these tests were started with it ignored, as by <c>nohup</c> or in a shell's background, whatever they start would ignore it too.</summary>
internal static class Interruptible
{
    // Signal 2 is the second bit from the right (proc_pid_status(5)).
    private const ulong Interrupt = 0b10;

    /// <summary>How to start a program with its arguments.</summary>
    public static ProcessStartInfo Start(string program, params IEnumerable<string> arguments) =>
        IsIgnoredHere ? new ProcessStartInfo("env", ["--default-signal=INT", program, .. arguments]) : new ProcessStartInfo(program, arguments);

    private static bool IsIgnoredHere => OperatingSystem.IsLinux()
        && (ulong.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))[7..], NumberStyles.HexNumber | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) & Interrupt) != 0;
}
