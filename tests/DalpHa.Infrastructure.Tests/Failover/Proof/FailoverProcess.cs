using System.Diagnostics;
using System.Text.Json;
using DalpHa.Infrastructure.Tests.Processes;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>A Runner that runs a failover with the built module: a process of its own, which can be killed.</summary>
internal sealed class FailoverProcess : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(120);
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> errors;

    private FailoverProcess(Process process)
    {
        this.process = process;
        process.StandardInput.Close();
        output = process.StandardOutput.ReadToEndAsync();
        errors = process.StandardError.ReadToEndAsync();
    }

    private static string Root { get; } = FindRoot();

    /// <summary>The Runner of the clone.</summary>
    public static string Program { get; } = Path.Combine(Root, "src", "DalpHa.Runner", "bin", "Release", "net10.0", OperatingSystem.IsWindows() ? "DalpHa.Runner.exe" : "DalpHa.Runner");

    /// <summary>The runbook that ships.</summary>
    public static string Example { get; } = Path.Combine(Root, "examples", "runbook.yaml");

    /// <summary>Runs a script.</summary>
    /// <param name="state">The state folder: what makes it another machine.</param>
    /// <param name="script">The script.</param>
    public static FailoverProcess Start(string state, string script)
    {
        var info = Interruptible.Start(Program, "-NonInteractive", "-OutputFormat", "Json", "-Command", script);
        info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = true;
        info.Environment["DALPHA_STATE"] = state;
        return new FailoverProcess(Process.Start(info)!);
    }

    /// <summary>Ends it as a loss of power would, and waits for its end.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop, as Ctrl+C does.</summary>
    public Task InterruptAsync() => Postgres.Signal.SendAsync("-INT", process.Id);

    /// <summary>Waits for its end.</summary>
    public async Task<Ended> EndAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        try
        {
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"The Runner did not end within {Bound.TotalSeconds} s. {await errors}");
        }
        return new Ended(process.ExitCode, await output, await errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }
        process.Dispose();
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "DalpHa.sln")))
            {
                return folder.FullName;
            }
        }
        throw new InvalidOperationException("These tests run from within the clone.");
    }

    /// <summary>What a process left.</summary>
    internal sealed record Ended(int Code, string Output, string Errors)
    {
        /// <summary>The objects that it wrote.</summary>
        public IReadOnlyList<JsonElement> Objects => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

        /// <summary>The failover that it wrote.</summary>
        public JsonElement Failover => Objects.Count == 1 ? Objects[0] : throw new Xunit.Sdk.XunitException($"No failover was written (exit code {Code}): {Output}{Errors}");

        /// <summary>The id of the error that ended it, without the cmdlet's name. Warnings stand beside it.</summary>
        public string ErrorId => JsonDocument.Parse(Errors.Split('\n').Last(line => line.StartsWith('{'))).RootElement.GetProperty("errorId").GetString()!.Split(',')[0];
    }
}
