using System.Collections;
using System.Management.Automation;

namespace DalpHa.Module.Tests.Contract;

public sealed class HelpTests : IDisposable
{
    private readonly PackagedModule module = new();

    public void Dispose() => module.Dispose();

    [Fact]
    public void Every_cmdlet_has_a_page_with_synopsis_parameters_and_examples_with_output()
    {
        foreach (var command in module.Run("Get-Command", ("Module", "DalpHa")).Output.Select(item => (CmdletInfo)item.BaseObject))
        {
            var help = module.Run("Get-Help", ("Name", command.Name), ("Full", true)).Single();

            var synopsis = Convert.ToString(help.Properties["Synopsis"].Value)!.Trim();
            Assert.False(synopsis.Length == 0 || synopsis.StartsWith(command.Name, StringComparison.Ordinal), $"{command.Name} has no synopsis: the help file was not found.");
            Assert.NotNull(help.Properties["description"]?.Value);
            Assert.NotNull(help.Properties["alertSet"]?.Value);

            var examples = Items(help, "examples", "example");
            Assert.NotEmpty(examples);
            Assert.All(examples, example => Assert.False(string.IsNullOrWhiteSpace(Convert.ToString(example.Properties["code"].Value)), $"{command.Name} has an example without code."));

            var described = Items(help, "parameters", "parameter");
            Assert.Equal(
                command.Parameters.Keys.Except([.. PSCmdlet.CommonParameters]).Order(),
                described.Select(parameter => (string)PSObject.AsPSObject(parameter.Properties["name"].Value).BaseObject).Order());
        }
    }

    private static IReadOnlyList<PSObject> Items(PSObject help, string list, string item) =>
        help.Properties[list]?.Value is PSObject container && container.Properties[item]?.Value is { } value
            ? value is IEnumerable many and not string ? [.. many.Cast<object>().Select(PSObject.AsPSObject)] : [PSObject.AsPSObject(value)]
            : [];
}
