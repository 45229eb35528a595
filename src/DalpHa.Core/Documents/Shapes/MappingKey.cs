namespace DalpHa.Core.Documents.Shapes;

/// <summary>A key of a mapping: all that the reader, the JSON schema and the scaffold know of it.</summary>
/// <param name="Name">The key.</param>
/// <param name="Shape">What its value may be.</param>
/// <param name="Description">What it means, in a sentence.</param>
/// <param name="IsRequired">Whether the mapping needs it.</param>
/// <param name="Example">A value as the scaffold shows it, in YAML; null lets the scaffold compose one of the shape's own keys.</param>
/// <param name="Default">What holds when it is not given, in YAML; null when nothing does.</param>
internal sealed record MappingKey(string Name, IShape Shape, string Description, bool IsRequired, string? Example, string? Default);

/// <summary>A shape that has keys.</summary>
internal interface IMappingShape : IShape
{
    /// <summary>The keys, in the order in which a person would write them.</summary>
    IReadOnlyList<MappingKey> Keys { get; }

    /// <summary>Keys of which exactly one must be given; empty when there is no such choice.</summary>
    IReadOnlyList<string> Alternatives { get; }
}

/// <summary>A shape that holds items of one shape.</summary>
internal interface IListShape : IShape
{
    /// <summary>The items' shape.</summary>
    IShape Item { get; }
}
