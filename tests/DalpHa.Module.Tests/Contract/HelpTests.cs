using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace DalpHa.Module.Tests.Contract;

/// <summary>Every cmdlet is explained, with examples that are about it, and nothing is explained that does not exist.</summary>
public sealed partial class HelpTests : IDisposable
{
    private static readonly string Pages = Path.Combine(Path.GetDirectoryName(PackagedModule.ManifestPath)!, "module", "help");
    private readonly PackagedModule module = new();

    public void Dispose() => module.Dispose();

    [Fact]
    public void Every_page_is_of_a_cmdlet()
    {
        // Parameters.md says what parameters of several commands mean.
        Assert.Equal(Cmdlets.All.Select(command => command.Name), Directory.GetFiles(Pages, "*.md").Select(Path.GetFileNameWithoutExtension).Except(["Parameters"]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cmdlets.Names), MemberType = typeof(Cmdlets))]
    public void Get_Help_has_synopsis_description_notes_and_examples(string name)
    {
        var help = module.Run("Get-Help", ("Name", name), ("Full", true)).Single();
        var synopsis = Convert.ToString(help.Properties["Synopsis"].Value)!.Trim();
        Assert.False(synopsis.Length == 0 || synopsis.StartsWith(name, StringComparison.Ordinal), "No synopsis: the help file was not found.");
        Assert.NotNull(help.Properties["description"]?.Value);
        Assert.NotNull(help.Properties["alertSet"]?.Value);
        var examples = Items(help, "examples", "example");
        Assert.NotEmpty(examples);
        Assert.All(examples, example => Assert.False(string.IsNullOrWhiteSpace(Convert.ToString(example.Properties["code"].Value)), "An example has no code."));
    }

    [Theory]
    [MemberData(nameof(Cmdlets.Names), MemberType = typeof(Cmdlets))]
    public void Get_Help_describes_every_parameter(string name)
    {
        var command = Cmdlets.Named(name);
        var described = Items(module.Run("Get-Help", ("Name", name), ("Full", true)).Single(), "parameters", "parameter");
        Assert.Equal(
            command.Parameters.Keys.Except([.. PSCmdlet.CommonParameters]).Order(),
            described.Select(parameter => (string)PSObject.AsPSObject(parameter.Properties["name"].Value).BaseObject).Order());
        Assert.All(described, parameter => Assert.NotEmpty(Items(parameter, "description")));
    }

    [Theory]
    [MemberData(nameof(Cmdlets.Names), MemberType = typeof(Cmdlets))]
    public void An_example_uses_the_cmdlet_that_it_is_for(string name)
    {
        var blocks = Scripts.Blocks(Path.Combine(Pages, $"{name}.md"));
        Assert.NotEmpty(blocks);
        Assert.Contains(blocks, block => Parser.ParseInput(block, out _, out _).FindAll(node => node is CommandAst, true).Cast<CommandAst>().Any(call => call.GetCommandName() == name));
    }

    [Theory]
    [MemberData(nameof(Cmdlets.Names), MemberType = typeof(Cmdlets))]
    public void Outputs_are_the_declared_types_and_links_lead_somewhere(string name)
    {
        var page = File.ReadAllText(Path.Combine(Pages, $"{name}.md"));
        var outputs = Section().Matches(page).Single(match => match.Groups[1].Value == "Outputs").Groups[2].Value;
        Assert.Equal(
            Cmdlets.Named(name).OutputType.Select(type => type.Name).Order(),
            Heading().Matches(outputs).Select(match => match.Groups[1].Value).Order());
        var links = Section().Matches(page).Single(match => match.Groups[1].Value == "Related links").Groups[2].Value;
        Assert.All(Link().Matches(links), link => Assert.Contains(Cmdlets.All, command => command.Name == link.Groups[1].Value));
    }

    private static IReadOnlyList<PSObject> Items(PSObject help, params string[] path)
    {
        object? value = help;
        foreach (var name in path)
        {
            value = (value as PSObject)?.Properties[name]?.Value;
        }
        return value switch
        {
            null => [],
            PSObject { BaseObject: IEnumerable many and not string } => [.. many.Cast<object>().Select(PSObject.AsPSObject)],
            IEnumerable many and not string => [.. many.Cast<object>().Select(PSObject.AsPSObject)],
            _ => [PSObject.AsPSObject(value)],
        };
    }

    [GeneratedRegex(@"^## (.+?)\r?\n(.*?)(?=^## |\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^### (\S+)", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\[([^\]]+)\]")]
    private static partial Regex Link();
}
