using System.Management.Automation;
using DalpHa.Core.Documents;

namespace DalpHa.Hosting;

/// <summary>Finds and reads runbook files.</summary>
internal static class RunbookFiles
{
    private const string FileVariable = "DALPHA_RUNBOOK";

    /// <summary>The name of the file in the current folder.</summary>
    public const string FileName = "runbook.yaml";

    /// <summary>The file given, else the one that DALPHA_RUNBOOK names, else <c>runbook.yaml</c> in PowerShell's location. Call it on the pipeline thread.</summary>
    public static string Find(PSCmdlet cmdlet, string? given) =>
        PowerShellPath.Resolve(cmdlet, given ?? (Environment.GetEnvironmentVariable(FileVariable) is { Length: > 0 } named ? named : PowerShellPath.InLocation(cmdlet, FileName)));

    /// <summary>The document that a file holds.</summary>
    /// <exception cref="Core.Errors.DalpException">The file itself can't be read.</exception>
    public static YamlDocument Read(string path) => InfrastructureContext.Infrastructure.ReadYaml(path);
}
