using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace DalpHa.Help;

/// <summary>Reads the module's commands in a real engine, so that the syntax in the help is the syntax that binds.</summary>
internal static class CommandCatalog
{
    private static readonly HashSet<string> Common = [.. Cmdlet.CommonParameters, .. Cmdlet.OptionalCommonParameters.Where(name => name is not ("WhatIf" or "Confirm"))];

    public static IReadOnlyList<CommandDescription> Read(string manifest)
    {
        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        using (var import = PowerShell.Create(runspace))
        {
            import.AddCommand("Import-Module").AddParameter("Name", Path.GetFullPath(manifest)).AddParameter("ErrorAction", "Stop").Invoke();
        }
        using var shell = PowerShell.Create(runspace);
        var commands = shell.AddCommand("Get-Command").AddParameter("Module", "DalpHa").Invoke<CmdletInfo>();
        return [.. commands.OrderBy(command => command.Name, StringComparer.Ordinal).Select(Describe)];
    }

    private static CommandDescription Describe(CmdletInfo command) => new(
        command.Name,
        command.Verb,
        command.Noun,
        [.. command.ParameterSets.OrderByDescending(set => set.IsDefault).Select(set => Describe(set))]);

    private static IReadOnlyList<ParameterDescription> Describe(CommandParameterSetInfo set) =>
    [
        .. set.Parameters
            .Where(parameter => !Common.Contains(parameter.Name))
            .OrderBy(parameter => parameter.Position < 0 ? int.MaxValue : parameter.Position)
            .ThenBy(parameter => parameter.Name is "WhatIf" or "Confirm")
            .Select(Describe),
    ];

    private static ParameterDescription Describe(CommandParameterInfo parameter) => new(
        parameter.Name,
        LanguagePrimitives.ConvertTo<string>(parameter.ParameterType),
        parameter.ParameterType == typeof(SwitchParameter),
        parameter.IsMandatory,
        parameter.Position < 0 ? "named" : parameter.Position.ToString(System.Globalization.CultureInfo.InvariantCulture),
        (parameter.ValueFromPipeline, parameter.ValueFromPipelineByPropertyName) switch
        {
            (true, true) => "true (ByValue, ByPropertyName)",
            (true, false) => "true (ByValue)",
            (false, true) => "true (ByPropertyName)",
            _ => "false",
        },
        parameter.Aliases,
        parameter.Attributes.OfType<ValidateSetAttribute>().SelectMany(set => set.ValidValues).ToList() is { Count: > 0 } values ? values
            : parameter.ParameterType.IsEnum ? Enum.GetNames(parameter.ParameterType) : []);
}
