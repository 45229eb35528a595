using System.Management.Automation;

namespace DalpHa.Module.Tests.Contract;

/// <summary>The cmdlets of the packaged module, found by asking it: one that comes later is held to the contract from its first day.</summary>
public static class Cmdlets
{
    private static readonly Lazy<IReadOnlyList<CmdletInfo>> Found = new(() =>
    {
        using var module = new PackagedModule();
        return [.. module.Run("Get-Command", ("Module", "DalpHa")).Output.Select(command => (CmdletInfo)command.BaseObject).OrderBy(command => command.Name, StringComparer.Ordinal)];
    });

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CmdletInfo> All => Found.Value;

    /// <summary>Their names, as rows of a theory.</summary>
    public static TheoryData<string> Names => [.. All.Select(command => command.Name)];

    /// <summary>Those that change something, as rows of a theory.</summary>
    public static TheoryData<string> Changing => [.. All.Where(command => Attribute(command).SupportsShouldProcess).Select(command => command.Name)];

    /// <summary>The one of a name.</summary>
    public static CmdletInfo Named(string name) => All.Single(command => command.Name == name);

    /// <summary>What its class declares.</summary>
    public static CmdletAttribute Attribute(CmdletInfo command) =>
        (CmdletAttribute)System.Attribute.GetCustomAttribute(command.ImplementingType, typeof(CmdletAttribute))!;

    /// <summary>Its parameters but those that every cmdlet has.</summary>
    public static IEnumerable<ParameterMetadata> OwnParameters(CmdletInfo command) => command.Parameters.Values
        .Where(parameter => !PSCmdlet.CommonParameters.Contains(parameter.Name) && !PSCmdlet.OptionalCommonParameters.Contains(parameter.Name));
}
