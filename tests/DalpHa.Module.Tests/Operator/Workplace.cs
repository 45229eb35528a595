using System.Management.Automation.Language;
using DalpHa.Module.Tests.Contract;

namespace DalpHa.Module.Tests.Operator;

/// <summary>A folder in which the examples of the help pages can be run on a lab: the files that they name are there.</summary>
public sealed class Workplace : IDisposable
{
    private readonly string kubeconfig;
    private readonly string topology;

    public Workplace(LabSession session)
    {
        kubeconfig = (string)session.Lab.Properties["KubeconfigPath"].Value;
        topology = session.Topology;
        Directory.CreateDirectory(Path.Combine(Folder, "examples"));
        File.Copy(Path.Combine(PackagedModule.Root, "examples", "dalpha.yaml"), Path.Combine(Folder, "examples", "dalpha.yaml"));
        foreach (var name in new[] { "old.yaml", Path.Combine("examples", "runbook.yaml") })
        {
            File.Copy(Path.Combine(PackagedModule.Root, "examples", "runbook.yaml"), Path.Combine(Folder, name));
        }
        session.RequireFailover();
        File.WriteAllText(Path.Combine(Folder, "bad.yaml"), "apiVersion: dalpha/v1\nnam: x\n");
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("dalpha-work-").FullName;

    /// <summary>The examples of a cmdlet, without those that run other programs.</summary>
    public static IReadOnlyList<string> Examples(string command) =>
    [
        .. Scripts.Blocks(Path.Combine(Path.GetDirectoryName(PackagedModule.ManifestPath)!, "module", "help", $"{command}.md"))
            .Where(block => !Calls(block).Any(call => call is "kubectl" or "psql")),
    ];

    /// <summary>The names of the commands that a script calls.</summary>
    public static IEnumerable<string?> Calls(string script) => Parser.ParseInput(script, out _, out _)
        .FindAll(node => node is CommandAst, searchNestedScriptBlocks: true)
        .Select(call => ((CommandAst)call).GetCommandName());

    /// <summary>Makes the folder as the example expects it, and gives the script that runs it there.</summary>
    public string Prepare(string example)
    {
        // A page that writes ./dalpha.yaml expects none; one that names it, or leaves it to be found, expects the lab's.
        var file = Path.Combine(Folder, "dalpha.yaml");
        File.Delete(file);
        if (!Calls(example).Contains("New-DalpTopology"))
        {
            File.WriteAllText(file, File.ReadAllText(topology).Replace("./kubeconfig", kubeconfig, StringComparison.Ordinal));
        }
        var runbook = Path.Combine(Folder, "runbook.yaml");
        File.Delete(runbook);
        if (!Calls(example).Contains("New-DalpRunbook"))
        {
            File.Copy(Path.Combine(PackagedModule.Root, "examples", "runbook.yaml"), runbook);
        }
        return $"[void]$ExecutionContext.SessionState.Path.SetLocation('{Folder}')\n{example}";
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
