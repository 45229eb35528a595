using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using DalpHa.Runner.Hosting;
using DalpHa.Runner.Output;

namespace DalpHa.Runner;

/// <summary>One run of one script in a PowerShell engine of its own.</summary>
internal sealed class ScriptRun(RunnerOptions options)
{
    private readonly ErrorTally tally = new();

    /// <summary>Runs it and returns the exit code.</summary>
    public int Execute()
    {
        if (options.File is { } file && !File.Exists(file))
        {
            Console.Error.WriteLine($"There is no file '{file}'.");
            return ExitCode.Usage;
        }
        var manifest = options.NoModule ? null : options.Module ?? FindModule();
        if (manifest is null && !options.NoModule)
        {
            Console.Error.WriteLine("The DalpHa module was not found beside this program. Build it (./build.sh build), or give -Module or -NoModule.");
            return ExitCode.Usage;
        }

        var host = new RunnerHost(new RunnerUserInterface(!options.NonInteractive && !Console.IsInputRedirected));
        using var runspace = RunspaceFactory.CreateRunspace(host, SessionState());
        runspace.Open();
        if (manifest is not null && !Import(runspace, manifest))
        {
            return ExitCode.Error;
        }

        using var shell = PowerShell.Create(runspace);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            Compose(shell);
            shell.Invoke();
        }
        catch (PipelineStoppedException)
        {
            return ExitCode.Stopped;
        }
        catch (RuntimeException exception)
        {
            Show(runspace, exception.ErrorRecord);
            return host.ExitCode ?? ExitCode.Error;
        }
        if (shell.InvocationStateInfo.State == PSInvocationState.Stopped)
        {
            return ExitCode.Stopped;
        }
        return host.ExitCode ?? (tally.Count > 0 ? ExitCode.Error : ExitCode.Success);

        void Stop(PosixSignalContext signal)
        {
            // The default action would end the process before the running cmdlets have wound down.
            signal.Cancel = true;
            shell.BeginStop(null, null);
        }
    }

    private InitialSessionState SessionState()
    {
        var state = InitialSessionState.CreateDefault2();
        state.ThreadOptions = PSThreadOptions.UseCurrentThread;
        state.Commands.Add(new SessionStateCmdletEntry("Measure-RunnerError", typeof(MeasureErrorCommand), null));
        state.Commands.Add(new SessionStateCmdletEntry("Write-RunnerJson", typeof(WriteJsonCommand), null));
        if (OperatingSystem.IsWindows())
        {
            // The machine's policy is for scripts that come from elsewhere; this one was named by the caller.
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
        }
        return state;
    }

    private void Compose(PowerShell shell)
    {
        if (options.File is { } file)
        {
            // A block with the file's extents knows its $PSScriptRoot, and an 'exit N' in it ends the run; called as a command, a script
            // file would leave N in $LASTEXITCODE, where any program that it ran may have left its own.
            var block = Parser.ParseFile(Path.GetFullPath(file), out _, out var errors);
            if (errors.Length > 0)
            {
                throw new ParseException(errors);
            }
            shell.Runspace.SessionStateProxy.SetVariable("RunnerScript", block.GetScriptBlock());
            shell.AddScript(". $RunnerScript" + Arguments(), useLocalScope: false);
        }
        else
        {
            shell.AddScript(options.Command, useLocalScope: false);
        }
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        shell.AddCommand("Measure-RunnerError").AddParameter("Tally", tally);
        shell.AddCommand(options.OutputFormat == OutputFormat.Json ? "Write-RunnerJson" : "Out-Default");
    }

    // The engine's parser pairs -Name with its value; a list of CommandParameter does not. Values are quoted: nothing in them is evaluated.
    private string Arguments() => string.Concat(options.Arguments.Select(argument => " " + (IsParameterName(argument) ? argument : Quote(argument))));

    // -Name, -Name: and the switches' -Name:$true and -Name:$false.
    private static bool IsParameterName(string argument) => Regex.IsMatch(argument, @"^-[A-Za-z_]\w*(:(\$true|\$false)?)?$", RegexOptions.IgnoreCase);

    private static string Quote(string text) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";

    private static bool Import(Runspace runspace, string manifest)
    {
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand("Import-Module").AddParameter("Name", Path.GetFullPath(manifest)).AddParameter("ErrorAction", "Stop");
        try
        {
            shell.Invoke();
            return true;
        }
        catch (RuntimeException exception)
        {
            Console.Error.WriteLine($"The module '{manifest}' can't be imported: {exception.Message}");
            return false;
        }
    }

    private static void Show(Runspace runspace, ErrorRecord error)
    {
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand("Out-Default");
        shell.Invoke(new[] { error });
    }

    // In the clone the program is <root>/src/DalpHa.Runner/bin/…/DalpHa.Runner.dll; whoever moves it puts it below the module's folder.
    private static string? FindModule()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var manifest = Path.Combine(folder.FullName, "DalpHa.psd1");
            if (File.Exists(manifest))
            {
                return manifest;
            }
        }
        return null;
    }
}
