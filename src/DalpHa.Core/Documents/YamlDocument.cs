namespace DalpHa.Core.Documents;

/// <summary>A parsed YAML document: its root, or what is wrong with its syntax.</summary>
/// <param name="Path">The file that it was read from.</param>
/// <param name="Root">The root node; null when the document is empty or can't be parsed.</param>
/// <param name="SyntaxErrors">What is wrong; empty when it parses.</param>
public sealed record YamlDocument(string Path, YamlNode? Root, IReadOnlyList<DocumentDiagnostic> SyntaxErrors);

/// <summary>A node of a YAML document that knows where it stands.</summary>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
public abstract record YamlNode(int Line, int Column);

/// <summary>A scalar.</summary>
/// <param name="Value">Its text; empty for an empty value.</param>
/// <param name="IsPlain">False when it is quoted, and so is text whatever it looks like.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
public sealed record YamlScalar(string Value, bool IsPlain, int Line, int Column) : YamlNode(Line, Column);

/// <summary>A sequence.</summary>
/// <param name="Items">Its items.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
public sealed record YamlSequence(IReadOnlyList<YamlNode> Items, int Line, int Column) : YamlNode(Line, Column);

/// <summary>A mapping.</summary>
/// <param name="Entries">Its entries in the order of the file.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
public sealed record YamlMapping(IReadOnlyList<YamlEntry> Entries, int Line, int Column) : YamlNode(Line, Column);

/// <summary>An entry of a mapping.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Value">Its value.</param>
public sealed record YamlEntry(YamlScalar Key, YamlNode Value);
