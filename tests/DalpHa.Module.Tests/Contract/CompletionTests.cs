using System.Management.Automation;

namespace DalpHa.Module.Tests.Contract;

/// <summary>Tab completes what has a known set of values: enumerations, names of checks, of labs and of what a topology has, failovers, topology files.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly PackagedModule module = new();
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-completion-").FullName;

    public void Dispose()
    {
        module.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    public static TheoryData<string, string> Parameters(string kind) =>
    [
        .. Cmdlets.All.SelectMany(Cmdlets.OwnParameters, (command, parameter) => (command.Name, parameter))
            .Where(one => Kind(one.Name, one.parameter) == kind)
            .Select(one => new TheoryDataRow<string, string>(one.Name, one.parameter.Name)),
    ];

    [Theory]
    [MemberData(nameof(Parameters), "enumeration")]
    public void Each_value_of_an_enumeration(string command, string parameter)
    {
        var type = Cmdlets.Named(command).Parameters[parameter].ParameterType;
        Assert.Equal(Enum.GetNames(Nullable.GetUnderlyingType(type) ?? type).Order(), module.Complete($"{command} -{parameter} ").Order());
    }

    [Theory]
    [MemberData(nameof(Parameters), "check")]
    public void Each_check(string command, string parameter)
    {
        Assert.Contains("ReplicationLag", module.Complete($"{command} -{parameter} "));
        Assert.Equal(["ReplicationLag", "ReplicationSlots"], module.Complete($"{command} -{parameter} repl"));
    }

    [Theory]
    [MemberData(nameof(Parameters), "topology")]
    public void Topology_files(string command, string parameter)
    {
        // The engine's completion of file names needs PowerShell's Management module, which its package lacks: so the completer is only looked for.
        var completer = Cmdlets.Named(command).Parameters[parameter].Attributes.OfType<ArgumentCompleterAttribute>();
        Assert.Equal("YamlPathCompleter", Assert.Single(completer).Type.Name);
    }

    [Theory]
    [MemberData(nameof(Parameters), "lab")]
    public void The_labs_that_there_are(string command, string parameter)
    {
        Directory.CreateDirectory(Path.Combine(folder, "labs"));
        File.WriteAllText(Path.Combine(folder, "labs", "alpha.json"), "{}");
        File.WriteAllText(Path.Combine(folder, "labs", "beta.json"), "{}");
        Assert.Equal(["alpha", "beta"], Offered($"{command} -{parameter} "));
        Assert.Equal(["beta"], Offered($"{command} -{parameter} b"));
    }

    [Theory]
    [MemberData(nameof(Parameters), "failover")]
    public void The_failovers_that_this_machine_knows_the_newest_first_and_the_broken_ones_too(string command, string parameter)
    {
        Directory.CreateDirectory(Path.Combine(folder, "failovers"));
        File.WriteAllText(Path.Combine(folder, "failovers", "20260131-100401-1a2b.jsonl"), "");
        File.WriteAllText(Path.Combine(folder, "failovers", "20260228-100401-3c4d.jsonl"), "not what was written\n");
        File.WriteAllText(Path.Combine(folder, "failovers", "20260228-100401-3c4d.jsonl.lock"), "");
        Assert.Equal(["20260228-100401-3c4d", "20260131-100401-1a2b"], Offered($"{command} -{parameter} "));
        Assert.Equal(["20260131-100401-1a2b"], Offered($"{command} -{parameter} 202601"));
    }

    [Fact]
    public void The_steps_by_hand_where_those_are_asked_for()
    {
        Directory.CreateDirectory(Path.Combine(folder, "steps"));
        File.WriteAllText(Path.Combine(folder, "steps", "20260331-100401-5e6f.jsonl"), "");
        Assert.Equal(["20260331-100401-5e6f"], Offered("Get-DalpFailover -ByHand -Id "));
        Assert.Empty(Offered("Get-DalpFailover -Id "));
    }

    [Theory]
    [MemberData(nameof(Parameters), "workload")]
    public void The_workloads_of_the_topology(string command, string parameter)
    {
        Assert.Equal(["dapp", "erpc", "dapi", "indexer", "signer", "validators"], module.Complete($"{command} -Topology {Example} -{parameter} "));
        Assert.Equal(["dapp", "dapi"], module.Complete($"{command} {Example} -{parameter} indexer, da"));
        Assert.Equal(["signer"], Offered($"{command} -{parameter} s", ("DALPHA_TOPOLOGY", Example)));
    }

    [Theory]
    [MemberData(nameof(Parameters), "server")]
    public void The_standbys_servers_of_the_topology(string command, string parameter) =>
        Assert.Equal(["postgresql-replica-1"], module.Complete($"{command} {Example} -Method SelfRun -{parameter} "));

    [Fact]
    public void Nothing_of_a_topology_that_is_not_there()
    {
        Assert.Empty(module.Complete($"Start-DalpWorkload -Topology {folder}/no.yaml -Name "));
        Assert.Empty(module.Complete("Start-DalpWorkload -Topology 3 -Name "));
    }

    private static string Example => Path.Combine(PackagedModule.Root, "examples", "dalpha.yaml");

    // In a process of its own: the state folder is the process's, and other tests' labs are in this one's.
    private IEnumerable<string> Offered(string line, params (string Name, string? Value)[] environment)
    {
        var run = RunnerProcess.Run(
            $"(TabExpansion2 '{line}' {line.Length}).CompletionMatches | ForEach-Object CompletionText", [("DALPHA_STATE", folder), .. environment]);
        Assert.True(run.Code == 0, run.Error);
        return run.Lines;
    }

    // What a parameter is for is told by its type, its name and its class's place; nothing here names a cmdlet.
    private static string? Kind(string command, ParameterMetadata parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        var noun = command[(command.IndexOf('-', StringComparison.Ordinal) + 1)..];
        return (type.IsEnum, parameter.Name, noun) switch
        {
            (true, _, _) => "enumeration",
            (_, "Check", _) => "check",
            (_, "Topology", _) => "topology",
            (_, "Path", "DalpTopology") when !command.StartsWith("New-", StringComparison.Ordinal) => "topology",
            (_, "Lab", _) => "lab",
            (_, "Name", "DalpLab") when !command.StartsWith("Start-", StringComparison.Ordinal) => "lab",
            (_, "Id", "DalpFailover") => "failover",
            (_, "Name", "DalpWorkload") => "workload",
            (_, "Server", "DalpPromotion") => "server",
            _ => null,
        };
    }
}
