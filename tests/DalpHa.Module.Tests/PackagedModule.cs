using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace DalpHa.Module.Tests;

/// <summary>The module as it ships, imported into a real engine. Nothing here references its assemblies: only the package can be found.</summary>
public sealed class PackagedModule : IDisposable
{
    private readonly Runspace runspace;

    public PackagedModule()
    {
        Host = new CapturingHost();
        runspace = RunspaceFactory.CreateRunspace(Host, InitialSessionState.CreateDefault2());
        runspace.Open();
        Run("Import-Module", ("Name", ManifestPath), ("ErrorAction", "Stop"));
    }

    public CapturingHost Host { get; }

    /// <summary>The clone that these tests were built from.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The manifest of the package that <c>build.ps1 -Task Pack</c> wrote.</summary>
    public static string ManifestPath { get; } = Path.Combine(Directory.GetDirectories(Path.Combine(Root, "out", "DalpHa")).Single(), "DalpHa.psd1");

    /// <summary>Runs a script; errors that do not end it are kept in <see cref="Outcome.Errors"/>.</summary>
    public Outcome Script(string script, params (string Name, object Value)[] variables)
    {
        foreach (var (name, value) in variables)
        {
            runspace.SessionStateProxy.SetVariable(name, value);
        }
        using var shell = PowerShell.Create(runspace);
        shell.AddScript(script);
        return Invoke(shell);
    }

    /// <summary>Runs one command with named parameters.</summary>
    public Outcome Run(string command, params (string Name, object Value)[] parameters)
    {
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand(command);
        foreach (var (name, value) in parameters)
        {
            shell.AddParameter(name, value);
        }
        return Invoke(shell);
    }

    /// <summary>What a person would see on a terminal of 120 columns.</summary>
    public IReadOnlyList<string> Show(string script)
    {
        Host.Lines.Clear();
        using var shell = PowerShell.Create(runspace);
        shell.AddScript(script).AddCommand("Out-Default");
        shell.Invoke();
        return [.. Host.Lines];
    }

    /// <summary>What Tab offers at the end of a line.</summary>
    public IReadOnlyList<string> Complete(string line)
    {
        using var shell = PowerShell.Create(runspace);
        return [.. CommandCompletion.CompleteInput(line, line.Length, null, shell).CompletionMatches.Select(match => match.CompletionText)];
    }

    /// <summary>The engine, for what a test must drive itself; it is disposed with this.</summary>
    public PowerShell Shell() => PowerShell.Create(runspace);

    public void Dispose() => runspace.Dispose();

    private static Outcome Invoke(PowerShell shell)
    {
        try
        {
            var output = shell.Invoke();
            return new Outcome(output, [.. shell.Streams.Error], null);
        }
        catch (RuntimeException exception)
        {
            return new Outcome([], [.. shell.Streams.Error], exception.ErrorRecord);
        }
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
}

/// <summary>What came of a command.</summary>
/// <param name="Output">Objects.</param>
/// <param name="Errors">Errors that did not end it.</param>
/// <param name="Terminating">The error that ended it, or null.</param>
public sealed record Outcome(IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors, ErrorRecord? Terminating)
{
    /// <summary>The one object; fails, with the errors, when there is not exactly one.</summary>
    public PSObject Single()
    {
        Assert.True(Terminating is null, Terminating?.ToString());
        Assert.True(Errors.Count == 0, string.Join('\n', Errors));
        return Assert.Single(Output);
    }
}
