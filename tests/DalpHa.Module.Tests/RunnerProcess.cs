using System.Diagnostics;
using DalpHa.Infrastructure.Tests.Processes;

namespace DalpHa.Module.Tests;

/// <summary>A script in a fresh process, with the packaged module: what one process remembers (assemblies, environment) is not in the way.</summary>
public sealed record RunnerProcess(int Code, string Output, string Error)
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    /// <summary>The Runner's program.</summary>
    public static string Program { get; } = Path.Combine(
        PackagedModule.Root, "src", "DalpHa.Runner", "bin", "Release", "net10.0", OperatingSystem.IsWindows() ? "DalpHa.Runner.exe" : "DalpHa.Runner");

    /// <summary>The lines that it wrote.</summary>
    public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Runs a script and waits for its end.</summary>
    public static RunnerProcess Run(string script, params (string Name, string? Value)[] environment)
    {
        using var process = Start(script, environment);
        return Finish(process);
    }

    /// <summary>Starts a script; the caller ends it.</summary>
    public static Process Start(string script, params (string Name, string? Value)[] environment)
    {
        var start = Interruptible.Start(Program, "-NonInteractive", "-Module", PackagedModule.ManifestPath, "-Command", script);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Waits for the end of what <see cref="Start"/> began.</summary>
    public static RunnerProcess Finish(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Bound))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"It did not end within {Bound.TotalMinutes} minutes.");
        }
        return new RunnerProcess(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
