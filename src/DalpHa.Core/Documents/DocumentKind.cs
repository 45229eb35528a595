using DalpHa.Core.Documents.Shapes;

namespace DalpHa.Core.Documents;

/// <summary>A kind of file that DalpHa reads: reading with all its errors, the JSON schema and the scaffold come from its root's description.</summary>
/// <param name="Noun">What it is called in a sentence, and in the cmdlets' names: <c>topology</c>.</param>
/// <param name="Meaning">What the file says, in a sentence.</param>
/// <param name="Root">What it may hold.</param>
internal sealed record DocumentKind<T>(string Noun, string Meaning, MappingShape<T> Root)
{
    /// <summary>The noun as it stands in error identifiers and cmdlets' names: <c>Topology</c>.</summary>
    public string Name { get; } = char.ToUpperInvariant(Noun[0]) + Noun[1..];

    /// <summary>The identifier of the error that tells everything that is wrong with a file.</summary>
    public string ErrorId => $"{Name}Invalid";

    /// <summary>The keys without which there is no such file, as a phrase.</summary>
    public string RequiredKeys => $"the keys {string.Join(", ", Root.Keys.Where(key => key.IsRequired).Select(key => key.Name))}";
}
