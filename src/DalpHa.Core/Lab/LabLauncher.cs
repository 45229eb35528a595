using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DalpHa.Core.Errors;

namespace DalpHa.Core.Lab;

/// <summary>
/// Starts a lab as a process of its own. The lab tells on its standard output how far it has got, one line of JSON a step, and lets go of
/// it when it is up: from then on nothing ties it to the session.
/// </summary>
/// <param name="program">The lab's assembly, <c>DalpHa.Lab.dll</c>.</param>
/// <param name="registry">Where labs are recorded.</param>
public sealed class LabLauncher(string program, LabRegistry registry)
{
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(10);

    /// <summary>Starts a lab and waits until it is up.</summary>
    /// <param name="settings">The lab.</param>
    /// <param name="progress">Is told each step.</param>
    /// <param name="within">The bound on the start.</param>
    /// <param name="cancellationToken">Gives the start up; nothing is left behind.</param>
    /// <exception cref="DalpException">It could not be started; nothing is left behind.</exception>
    public async Task<LabRecord> StartAsync(LabSettings settings, Action<LabProgress> progress, TimeSpan within, CancellationToken cancellationToken)
    {
        LabSettings.ValidateName(settings.Name);
        await CleanStaleAsync(settings.Name, cancellationToken).ConfigureAwait(false);
        using var process = Launch(settings);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(within);
        try
        {
            await FollowAsync(process, settings.Name, progress, bound.Token).ConfigureAwait(false);
            return registry.Read(settings.Name) ?? throw new DalpException("LabRecordMissing", FaultKind.Internal, $"The lab '{settings.Name}' is up and has no record.", "Report this.", settings.Name);
        }
        catch (Exception exception)
        {
            await GiveUpAsync(process, settings.Name).ConfigureAwait(false);
            if (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw new DalpException(
                    "LabStartTimedOut",
                    FaultKind.TimedOut,
                    $"The lab '{settings.Name}' was not up within {within.TotalSeconds:0} s; it was ended.",
                    "Give it longer with -TimeoutSeconds, or free the machine.",
                    settings.Name,
                    exception);
            }
            throw;
        }
    }

    private async Task CleanStaleAsync(string name, CancellationToken cancellationToken)
    {
        if (registry.Read(name) is { } old)
        {
            if (old.Process.IsAlive())
            {
                throw LabRegistry.Exists(name);
            }
            await registry.CleanAsync(old, cancellationToken).ConfigureAwait(false);
        }
    }

    private Process Launch(LabSettings settings)
    {
        if (!File.Exists(program))
        {
            throw new DalpException("LabProgramMissing", FaultKind.LocalResource, $"The lab's program is not at {program}.", "Build or install the module again: the lab is in its folder 'module/lab'.", program);
        }
        // The lab must outlive the session, so it gets none of its streams, and a null device's worth of input.
        var start = new ProcessStartInfo(DotnetHost.Find())
        {
            // The lab outlives the folder that the operator happens to stand in.
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        string[] arguments =
        [
            program, "serve", "--name", settings.Name, "--folder", settings.Folder, "--registry", registry.Root,
            "--port", Text(settings.Port), "--owner", Text(settings.OwnerProcessId), "--write-load", Text(settings.WriteLoad),
            "--api-server", settings.ApiServer.ToString(), "--ready-after", Text(settings.ReadyAfter), "--database", settings.Database.ToString(),
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static async Task FollowAsync(Process process, string name, Action<LabProgress> progress, CancellationToken cancellationToken)
    {
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        while (await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (Parse(line) is not { } said)
            {
                continue;
            }
            if (said.Failure is { } failure)
            {
                throw failure.ToException(name);
            }
            progress(said);
            if (said.PercentComplete >= 100)
            {
                return;
            }
        }
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        if (process.ExitCode == DotnetHost.FrameworkMissing)
        {
            throw DotnetHost.Missing("The lab needs the ASP.NET Core 10 runtime, and the 'dotnet' that was found does not have it.");
        }
        var text = (await errors.ConfigureAwait(false)).Trim();
        throw new DalpException(
            "LabDied",
            FaultKind.LocalResource,
            $"The lab ended with code {process.ExitCode} before it was up. {text}".TrimEnd(),
            "Run it once more with -Verbose; if it goes on, report this with the message.",
            name);
    }

    private static LabProgress? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, LabJson.Default.LabProgress);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task GiveUpAsync(Process process, string name)
    {
        // A lab that failed by itself is cleaning up by itself; only one that does not is ended.
        using var bound = new CancellationTokenSource(EndBound);
        var identity = ProcessIdentity.Of(process.Id);
        if (identity is not null)
        {
            await identity.KillAsync(EndBound, bound.Token).ConfigureAwait(false);
        }
        if (registry.Read(name) is { } left && (identity is null || left.Process == identity))
        {
            await registry.CleanAsync(left, bound.Token).ConfigureAwait(false);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
