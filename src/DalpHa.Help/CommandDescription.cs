namespace DalpHa.Help;

/// <summary>A command as its class declares it.</summary>
internal sealed record CommandDescription(string Name, string Verb, string Noun, IReadOnlyList<IReadOnlyList<ParameterDescription>> Syntax)
{
    /// <summary>Every parameter once, in the order of its first appearance.</summary>
    public IReadOnlyList<ParameterDescription> Parameters { get; } = [.. Syntax.SelectMany(set => set).DistinctBy(parameter => parameter.Name)];
}

/// <summary>A parameter in one parameter set.</summary>
internal sealed record ParameterDescription(
    string Name,
    string TypeName,
    bool IsSwitch,
    bool IsMandatory,
    string Position,
    string PipelineInput,
    IReadOnlyList<string> Aliases,
    IReadOnlyList<string> AllowedValues);
