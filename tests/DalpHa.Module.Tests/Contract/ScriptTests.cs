using System.Management.Automation.Language;

namespace DalpHa.Module.Tests.Contract;

/// <summary>Whatever the repository shows as PowerShell is PowerShell, and calls only what the module has.</summary>
public sealed class ScriptTests
{
    [Theory]
    [MemberData(nameof(Scripts.Names), MemberType = typeof(Scripts))]
    public void It_parses_and_calls_only_what_there_is(string script)
    {
        var tree = Parser.ParseInput(Scripts.All[script], out _, out var errors);
        Assert.True(errors.Length == 0, string.Join('\n', errors.Select(error => $"{script}:{error.Extent.StartLineNumber}: {error.Message}")));
        Assert.Empty(tree.FindAll(node => node is CommandAst, searchNestedScriptBlocks: true).Cast<CommandAst>().SelectMany(Wrong));
    }

    [Fact]
    public void A_wrong_call_is_seen()
    {
        var tree = Parser.ParseInput("Test-DalpNothing; Test-DalpStandby -Sumary; Test-DalpStandby -Sum -T 3; Get-DalpLab | Stop-DalpLab -all", out _, out _);
        Assert.Equal(
            ["Test-DalpNothing does not exist.", "Test-DalpStandby has no -Sumary.", "Test-DalpStandby's -T can be several."],
            tree.FindAll(node => node is CommandAst, searchNestedScriptBlocks: true).Cast<CommandAst>().SelectMany(Wrong));
    }

    private static IEnumerable<string> Wrong(CommandAst call)
    {
        if (call.GetCommandName() is not { } name || !name.Contains("-Dalp", StringComparison.OrdinalIgnoreCase))
        {
            yield break;
        }
        if (Cmdlets.All.FirstOrDefault(command => command.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } command)
        {
            yield return $"{name} does not exist.";
            yield break;
        }
        foreach (var given in call.CommandElements.OfType<CommandParameterAst>())
        {
            // As the engine binds: a whole name or alias first, then a beginning that only one name has.
            var names = command.Parameters.Values.SelectMany(parameter => parameter.Aliases.Prepend(parameter.Name).Select(alias => (alias, parameter.Name))).ToList();
            var meant = names.Where(one => one.alias.Equals(given.ParameterName, StringComparison.OrdinalIgnoreCase)).ToList();
            if (meant.Count == 0)
            {
                meant = [.. names.Where(one => one.alias.StartsWith(given.ParameterName, StringComparison.OrdinalIgnoreCase))];
            }
            switch (meant.Select(one => one.Name).Distinct().Count())
            {
                case 0:
                    yield return $"{name} has no -{given.ParameterName}.";
                    break;
                case > 1:
                    yield return $"{name}'s -{given.ParameterName} can be several.";
                    break;
            }
        }
    }
}
