using System.Management.Automation;
using System.Management.Automation.Language;
using System.Xml.Linq;

namespace DalpHa.Module.Tests.Contract;

/// <summary>What the cmdlets write has a view of ours that fits a terminal, instead of PowerShell's list of all properties.</summary>
public sealed class FormatTests
{
    private const int Terminal = 120;
    private static readonly string Folder = Path.Combine(Path.GetDirectoryName(PackagedModule.ManifestPath)!, "module", "formats");

    public static TheoryData<string> Views => [.. Tables().Select(table => table.Name)];

    [Theory]
    [MemberData(nameof(Cmdlets.Names), MemberType = typeof(Cmdlets))]
    public void Every_declared_type_of_ours_has_a_table(string command)
    {
        foreach (var type in Cmdlets.Named(command).OutputType.Select(declared => declared.Type).Where(type => type.Assembly.GetName().Name!.StartsWith("DalpHa", StringComparison.Ordinal)))
        {
            Assert.Contains(type.FullName, Tables().Select(table => table.Type));
        }
    }

    [Theory]
    [MemberData(nameof(Views))]
    public void A_table_fits_and_shows_only_what_the_type_has(string view)
    {
        var table = Tables().Single(one => one.Name == view);
        var type = Cmdlets.All[0].ImplementingType.Assembly.GetReferencedAssemblies().Append(Cmdlets.All[0].ImplementingType.Assembly.GetName())
            .Select(name => AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(assembly => assembly.GetName().Name == name.Name)?.GetType(table.Type))
            .OfType<Type>().FirstOrDefault();
        Assert.True(type is not null, $"{table.Type} does not exist.");

        var widths = table.Control.Descendants("TableColumnHeader").Select(header => (int?)header.Element("Width")).ToList();
        var cells = table.Control.Descendants("TableColumnItem").ToList();
        Assert.Equal(widths.Count, cells.Count);
        // A column without a width takes what is left: that must be enough to read.
        var taken = widths.Sum(width => width ?? 20) + widths.Count - 1;
        Assert.True(taken <= Terminal, $"{view} takes {taken} columns.");

        foreach (var property in cells.Select(cell => cell.Element("PropertyName")?.Value).OfType<string>())
        {
            Assert.True(type.GetProperty(property) is not null, $"{table.Type} has no {property}.");
        }
        foreach (var script in cells.Select(cell => cell.Element("ScriptBlock")?.Value).OfType<string>())
        {
            var tree = Parser.ParseInput(script, out _, out var errors);
            Assert.Empty(errors.Select(error => $"{view}: {error.Message}"));
            foreach (var member in tree.FindAll(node => node is MemberExpressionAst { Expression: VariableExpressionAst { VariablePath.UserPath: "_" } }, searchNestedScriptBlocks: true).Cast<MemberExpressionAst>())
            {
                Assert.True(type.GetProperty(((StringConstantExpressionAst)member.Member).Value) is not null, $"{table.Type} has no {member.Member}.");
            }
        }
    }

    [Fact]
    public void The_manifest_names_every_format_file()
    {
        var named = (object[])PackagedManifest.Data["FormatsToProcess"]!;
        Assert.Equal(Directory.GetFiles(Folder, "*.ps1xml").Select(file => $"module/formats/{Path.GetFileName(file)}").Order(), named.Cast<string>().Order());
    }

    private static IEnumerable<(string Name, string Type, XElement Control)> Tables() => Directory.GetFiles(Folder, "*.ps1xml")
        .SelectMany(file => XDocument.Load(file).Descendants("View"))
        .Where(view => view.Element("TableControl") is not null)
        .SelectMany(
            view => view.Element("ViewSelectedBy")!.Elements("TypeName"),
            (view, type) => ((string)view.Element("Name")!, type.Value, view.Element("TableControl")!));
}
