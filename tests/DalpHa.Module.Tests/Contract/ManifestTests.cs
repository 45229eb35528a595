using System.Management.Automation;
using System.Reflection;

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

    [Theory]
    [MemberData(nameof(Cmdlets.Names), MemberType = typeof(Cmdlets))]
    public void A_name_is_an_approved_verb_and_a_singular_noun_with_our_prefix(string name)
    {
        var approved = typeof(VerbsCommon).Assembly.GetTypes()
            .Where(type => type is { IsPublic: true, IsSealed: true, IsAbstract: true } && type.Name.StartsWith("Verbs", StringComparison.Ordinal))
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Select(field => field.GetValue(null))
            .OfType<string>()
            .ToHashSet();
        var command = Cmdlets.Named(name);
        Assert.Contains(command.Verb, approved);
        Assert.StartsWith("Dalp", command.Noun, StringComparison.Ordinal);
        Assert.DoesNotMatch("[^s]s$", command.Noun);
        Assert.Equal($"{command.Verb}{command.Noun}Command", command.ImplementingType.Name);
        Assert.True(command.ImplementingType.IsSealed);
    }

    [Theory]
    [MemberData(nameof(Cmdlets.Names), MemberType = typeof(Cmdlets))]
    public void What_comes_out_is_declared(string name) => Assert.NotEmpty(Cmdlets.Named(name).OutputType);

    [Theory]
    [MemberData(nameof(Cmdlets.Names), MemberType = typeof(Cmdlets))]
    public void A_verb_that_changes_something_asks_first_and_one_that_looks_does_not(string name)
    {
        string[] changing = ["Add", "Disable", "Enable", "Protect", "Remove", "Restore", "Resume", "Set", "Start", "Stop", "Suspend", "Switch", "Unprotect"];
        string[] looking = ["Compare", "Get", "Measure", "Test", "Watch"];
        var command = Cmdlets.Named(name);
        var asks = Cmdlets.Attribute(command).SupportsShouldProcess;
        Assert.False(changing.Contains(command.Verb) && !asks, "It changes something and has no -WhatIf.");
        Assert.False(looking.Contains(command.Verb) && asks, "It only looks and has -WhatIf.");
    }

    [Fact]
    public void What_changes_a_site_is_never_done_unasked()
    {
        // These change files of the operator's, and labs.
        string[] harmless = ["Invoke-DalpLabFault", "New-DalpRunbook", "New-DalpTopology", "Start-DalpLab", "Stop-DalpLab"];
        var changing = Cmdlets.All.Where(command => Cmdlets.Attribute(command).SupportsShouldProcess).ToList();
        Assert.Equal(harmless, changing.Where(command => Cmdlets.Attribute(command).ConfirmImpact != ConfirmImpact.High).Select(command => command.Name));
        // Whoever opens the sites for changes is asked for them; a plan opens them to rehearse.
        var opening = Cmdlets.All.Where(command => Bases(command.ImplementingType).Contains("ChangeCommand")).ToList();
        Assert.Equal(["New-DalpFailoverPlan"], opening.Except(changing).Select(command => command.Name));
        Assert.Equal(changing.Select(command => command.Name).Except(harmless), opening.Intersect(changing).Select(command => command.Name));
    }

    [Fact]
    public void The_package_ships_neither_the_engine_nor_a_second_core()
    {
        var root = Path.GetDirectoryName(PackagedModule.ManifestPath)!;
        Assert.Empty(Directory.EnumerateFiles(root, "System.Management.Automation.dll", SearchOption.AllDirectories));
        Assert.False(File.Exists(Path.Combine(root, "module", "bin", "deps", "DalpHa.Core.dll")));
    }

    [Fact]
    public void Manifest_and_assemblies_have_one_version()
    {
        var versions = new[] { "DalpHa.dll", "DalpHa.Core.dll", Path.Combine("deps", "DalpHa.Infrastructure.dll") }
            .Select(file => AssemblyName.GetAssemblyName(Path.Combine(Path.GetDirectoryName(PackagedModule.ManifestPath)!, "module", "bin", file)).Version!.ToString(3))
            .Distinct();
        Assert.Equal(PackagedManifest.Data["ModuleVersion"], Assert.Single(versions));
    }

    private static IEnumerable<string> Bases(Type type)
    {
        for (var next = type.BaseType; next is not null; next = next.BaseType)
        {
            yield return next.Name;
        }
    }
}
