using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;

namespace DalpHa.Module.Tests.Contract;

public sealed class ManifestTests : IDisposable
{
    private readonly PackagedModule module = new();

    public void Dispose() => module.Dispose();

    [Fact]
    public void Every_cmdlet_class_is_exported_and_nothing_else()
    {
        var exported = module.Run("Get-Command", ("Module", "DalpHa")).Output.Select(command => ((CmdletInfo)command.BaseObject).Name).Order().ToList();
        var assembly = Assembly.LoadFrom(Path.Combine(Path.GetDirectoryName(PackagedModule.ManifestPath)!, "module", "bin", "DalpHa.dll"));
        var declared = assembly.GetTypes()
            .Select(type => type.GetCustomAttribute<CmdletAttribute>())
            .Where(attribute => attribute is not null)
            .Select(attribute => $"{attribute!.VerbName}-{attribute.NounName}")
            .Order()
            .ToList();
        Assert.NotEmpty(exported);
        Assert.Equal(declared, exported);
    }

    [Fact]
    public void Verbs_are_approved_and_nouns_are_prefixed()
    {
        var approved = typeof(VerbsCommon).Assembly.GetTypes()
            .Where(type => type is { IsPublic: true, IsSealed: true, IsAbstract: true } && type.Name.StartsWith("Verbs", StringComparison.Ordinal))
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Select(field => field.GetValue(null))
            .OfType<string>()
            .ToHashSet();
        foreach (var command in module.Run("Get-Command", ("Module", "DalpHa")).Output.Select(item => (CmdletInfo)item.BaseObject))
        {
            Assert.Contains(command.Verb, approved);
            Assert.StartsWith("Dalp", command.Noun, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_cmdlet_declares_what_comes_out()
    {
        foreach (var command in module.Run("Get-Command", ("Module", "DalpHa")).Output.Select(item => (CmdletInfo)item.BaseObject))
        {
            Assert.True(command.OutputType.Count > 0, $"{command.Name} declares no OutputType.");
        }
    }

    [Fact]
    public void Client_libraries_stay_out_of_the_default_load_context()
    {
        // Reading a topology loads Infrastructure and YamlDotNet.
        var path = Path.Combine(PackagedModule.Root, "examples", "dalpha.yaml");
        Assert.NotEmpty(module.Run("Test-DalpTopology", ("Path", path)).Output);

        var ours = AssemblyLoadContext.All.Single(context => context.Name == "DalpHa");
        Assert.Contains(ours.Assemblies, assembly => assembly.GetName().Name == "YamlDotNet");
        string[] libraries = ["YamlDotNet", "KubernetesClient", "Npgsql", "Polly.Core", "Fractions", "DalpHa.Infrastructure"];
        Assert.DoesNotContain(AssemblyLoadContext.Default.Assemblies, assembly => libraries.Contains(assembly.GetName().Name));
        Assert.DoesNotContain(ours.Assemblies, assembly => assembly.GetName().Name == "DalpHa.Core");
    }

    [Fact]
    public void The_package_ships_neither_the_engine_nor_a_second_core()
    {
        var root = Path.GetDirectoryName(PackagedModule.ManifestPath)!;
        Assert.Empty(Directory.EnumerateFiles(root, "System.Management.Automation.dll", SearchOption.AllDirectories));
        Assert.False(File.Exists(Path.Combine(root, "module", "bin", "deps", "DalpHa.Core.dll")));
    }

    [Fact]
    public void The_module_can_be_imported_again()
    {
        var again = module.Run("Import-Module", ("Name", PackagedModule.ManifestPath), ("Force", true), ("PassThru", true));
        Assert.Equal("DalpHa", again.Single().Properties["Name"].Value);
        Assert.NotEmpty(module.Run("Get-Command", ("Module", "DalpHa")).Output);
    }
}
