namespace DalpHa.Module.Tests.Contract;

/// <summary>What an import brings into a fresh process, and that it gets on with what is there already.</summary>
public sealed class LoadingTests : IDisposable
{
    private static readonly string Package = Path.GetDirectoryName(PackagedModule.ManifestPath)!;
    private static readonly string Topology = Path.Combine(PackagedModule.Root, "examples", "dalpha.yaml");
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-loading-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void An_import_loads_two_assemblies_of_ours_and_none_of_anybody_else()
    {
        // What the process has from elsewhere than the framework and the Runner's own folder is what the import brought.
        var run = Run($$"""
            $framework = [IO.Path]::GetDirectoryName([object].Assembly.Location)
            [AppDomain]::CurrentDomain.GetAssemblies() |
                Where-Object { $_.Location -and -not $_.Location.StartsWith($framework) -and -not $_.Location.StartsWith([AppContext]::BaseDirectory) } |
                ForEach-Object { $_.GetName().Name }
            """);
        Assert.Equal(["DalpHa", "DalpHa.Core"], run.Order());
    }

    [Fact]
    public void Client_libraries_stay_out_of_the_default_context_when_they_are_used()
    {
        // One command parses YAML, the other opens clusters and databases; nobody answers, which is enough to load their libraries.
        var run = Run($$"""
            $null = Test-DalpTopology '{{Topology}}'
            $null = Test-DalpStandby -Topology '{{Path.Combine(folder, "dalpha.yaml")}}' -TimeoutSeconds 1
            foreach ($context in [Runtime.Loader.AssemblyLoadContext]::All) {
                foreach ($assembly in $context.Assemblies) {
                    if ("$($assembly.Location)".StartsWith('{{Package}}')) { "$($context.Name) $($assembly.GetName().Name)" }
                }
            }
            """);
        Assert.Equal(["Default DalpHa", "Default DalpHa.Core"], run.Where(line => line.StartsWith("Default ", StringComparison.Ordinal)).Order());
        Assert.Empty(new[] { "DalpHa DalpHa.Infrastructure", "DalpHa YamlDotNet", "DalpHa KubernetesClient", "DalpHa Npgsql" }.Except(run));
        Assert.DoesNotContain("DalpHa DalpHa.Core", run);
    }

    [Fact]
    public void Another_modules_older_library_is_not_in_the_way_and_goes_on_working()
    {
        var other = Path.Combine(AppContext.BaseDirectory, "other-module", "YamlDotNet.dll");
        var run = Run($$"""
            Remove-Module DalpHa
            $assembly = [Reflection.Assembly]::LoadFrom('{{other}}')
            Import-Module '{{PackagedModule.ManifestPath}}'
            (Get-DalpTopology '{{Topology}}').Name
            "$([YamlDotNet.Serialization.DeserializerBuilder]::new().Build().Deserialize([IO.StringReader]::new('a: theirs')).Values)"
            "$($assembly.GetName().Version.Major) in $([Runtime.Loader.AssemblyLoadContext]::GetLoadContext($assembly).Name)"
            """);
        Assert.Equal(["production", "theirs", "11 in Default"], run);
    }

    // The engine has a Newtonsoft.Json of its own in the default context, so that a module with another one keeps it in a context beside that.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Another_modules_old_Newtonsoft_stays_what_it_is_whoever_comes_first(bool isFirst)
    {
        var other = Path.Combine(AppContext.BaseDirectory, "other-module", "Newtonsoft.Json.dll");
        const string Ours = "(Get-DalpTopology $topology).Name; $null = Test-DalpStandby -Topology $nobody -TimeoutSeconds 1";
        var run = Run($$"""
            $topology = '{{Topology}}'
            $nobody = '{{Path.Combine(folder, "dalpha.yaml")}}'
            Remove-Module DalpHa
            function Theirs {
                $convert = $assembly.GetType('Newtonsoft.Json.JsonConvert')
                "$($convert.GetMethod('SerializeObject', [type[]]@([object])).Invoke($null, @([object]'theirs'))) $($convert.Assembly.GetName().Version.Major) $([object]::ReferenceEquals($convert.Assembly, $assembly))"
            }
            {{(isFirst ? "" : $"Import-Module '{PackagedModule.ManifestPath}'; {Ours}")}}
            $engines = [Newtonsoft.Json.JsonConvert].Assembly
            $assembly = [Reflection.Assembly]::LoadFile('{{other}}')
            Theirs
            {{(isFirst ? $"Import-Module '{PackagedModule.ManifestPath}'" : "")}}
            {{Ours}}
            Theirs
            [object]::ReferenceEquals($engines, [Newtonsoft.Json.JsonConvert].Assembly)
            foreach ($context in [Runtime.Loader.AssemblyLoadContext]::All) {
                foreach ($one in $context.Assemblies) {
                    if ($context.Name -eq 'DalpHa' -and $one.GetName().Name -eq 'Newtonsoft.Json') { "ours: $one" }
                }
            }
            """);
        string[] expected = ["\"theirs\" 9 True", "production", "\"theirs\" 9 True", "True"];
        Assert.Equal(isFirst ? expected : ["production", .. expected], run);
    }

    [Fact]
    public void Importing_again_by_force_and_after_removal_changes_nothing()
    {
        var run = Run($$"""
            $manifest = '{{PackagedModule.ManifestPath}}'
            function Show { "$(@(Get-Module DalpHa).Count) $((Get-Command -Module DalpHa).Count) $((Get-DalpTopology '{{Topology}}').Name)" }
            Show
            Import-Module $manifest -Force
            Import-Module $manifest -Force
            Show
            Remove-Module DalpHa
            "$(@(Get-Module DalpHa).Count) $(@(Get-Command -Module DalpHa).Count)"
            Import-Module $manifest
            Show
            """);
        var there = $"1 {Cmdlets.All.Count} production";
        Assert.Equal([there, there, "0 0", there], run);
    }

    private IReadOnlyList<string> Run(string script)
    {
        File.WriteAllText(Path.Combine(folder, "kubeconfig"), """
            clusters: [{ name: c, cluster: { server: "https://127.0.0.1:9" } }]
            users: [{ name: u, user: { token: none } }]
            contexts: [{ name: a, context: { cluster: c, user: u } }, { name: b, context: { cluster: c, user: u } }]
            """);
        File.WriteAllText(Path.Combine(folder, "dalpha.yaml"), """
            apiVersion: dalpha/v1
            name: nobody
            sites:
              active: { name: a, context: a, kubeconfig: ./kubeconfig, namespace: dalp, database: { servers: [{ name: pa, host: 127.0.0.1, port: 9 }] } }
              standby: { name: b, context: b, kubeconfig: ./kubeconfig, namespace: dalp, database: { servers: [{ name: pb, host: 127.0.0.1, port: 10 }] } }
            """);
        var run = RunnerProcess.Run(script, ("DALPHA_STATE", folder));
        Assert.True(run.Code == 0, run.Error + run.Output);
        return run.Lines;
    }
}
