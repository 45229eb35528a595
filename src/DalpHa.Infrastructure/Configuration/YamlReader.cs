using DalpHa.Core.Readiness;
using DalpHa.Core.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DalpHa.Infrastructure.Configuration;

/// <summary>
/// Reads a YAML file into nodes that know their place. It takes the plain part of YAML only: no anchors and aliases (with which a small file
/// becomes a huge one), no tags, one document; and it counts, so that no file costs much time or memory.
/// </summary>
internal sealed class YamlReader
{
    private const int MaximumBytes = 1024 * 1024;
    private const int MaximumDepth = 32;
    private const int MaximumNodes = 20_000;

    private readonly string path;
    private readonly Parser parser;
    private readonly List<DocumentDiagnostic> errors = [];
    private int nodes;

    private YamlReader(string path, string text)
    {
        this.path = path;
        parser = new Parser(new StringReader(text));
    }

    /// <summary>Reads a file. What is wrong with its content is in the result; the root is there as far as it could be read.</summary>
    /// <exception cref="Core.Errors.DalpException">The file itself can't be read.</exception>
    public static YamlDocument Read(string path)
    {
        var bytes = BoundedFile.Read(path, MaximumBytes);
        if (!YamlText.TryDecode(bytes, out var text, out var problem))
        {
            return new YamlDocument(path, null, [Error(path, problem.Line, problem.Column, "NotText", "", "The file is not text here.", "YAML in UTF-8")]);
        }
        var reader = new YamlReader(path, text);
        try
        {
            return new YamlDocument(path, reader.ReadDocument(), reader.errors);
        }
        catch (YamlException exception)
        {
            return new YamlDocument(path, null, [.. reader.errors, SyntaxError(path, text, exception)]);
        }
    }

    private YamlNode? ReadDocument()
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _))
        {
            return null;
        }
        parser.Consume<DocumentStart>();
        var root = ReadNode("", depth: 1);
        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second))
        {
            Add(second, "SeveralDocuments", "", "A second document starts here.", "one document");
        }
        return root;
    }

    private YamlNode ReadNode(string subject, int depth)
    {
        var current = parser.Current!;
        if (++nodes > MaximumNodes || depth > MaximumDepth)
        {
            throw new YamlException(current.Start, current.End, $"The file holds more than a file of ours can: over {MaximumNodes} values, or over {MaximumDepth} levels.");
        }
        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            Add(alias, "AliasNotAllowed", subject, "An alias (*) stands here.", "the value itself");
            return new YamlScalar("", true, Line(alias), Column(alias));
        }
        if (current is NodeEvent node)
        {
            RefuseProperties(node, subject);
        }
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return ToScalar(scalar);
        }
        return parser.TryConsume<SequenceStart>(out var sequence) ? ReadSequence(sequence, subject, depth) : ReadMapping(parser.Consume<MappingStart>(), subject, depth);
    }

    private YamlSequence ReadSequence(SequenceStart start, string subject, int depth)
    {
        var items = new List<YamlNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode($"{subject}[{items.Count}]", depth + 1));
        }
        return new YamlSequence(items, Line(start), Column(start));
    }

    private YamlMapping ReadMapping(MappingStart start, string subject, int depth)
    {
        var entries = new List<YamlEntry>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var keyEvent = parser.Current!;
            if (ReadNode(subject, depth + 1) is not YamlScalar key)
            {
                Add(keyEvent, "KeyNotText", subject, "A list or mapping stands where a key belongs.", "a key, as name:");
                ReadNode(subject, depth + 1);
                continue;
            }
            var path = subject.Length == 0 ? key.Value : $"{subject}.{key.Value}";
            var value = ReadNode(path, depth + 1);
            if (lines.TryAdd(key.Value, key.Line))
            {
                entries.Add(new YamlEntry(key, value));
            }
            else
            {
                Add(keyEvent, "DuplicateKey", path, $"The key is given twice; first in line {lines[key.Value]}.", "one of the two");
            }
        }
        return new YamlMapping(entries, Line(start), Column(start));
    }

    private void RefuseProperties(NodeEvent node, string subject)
    {
        if (!node.Anchor.IsEmpty)
        {
            Add(node, "AnchorNotAllowed", subject, "An anchor (&) stands here.", "a value without an anchor");
        }
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific)
        {
            Add(node, "TagNotAllowed", subject, "A tag (!) stands here.", "a value without a tag");
        }
    }

    private void Add(ParsingEvent at, string errorId, string subject, string message, string expected) =>
        errors.Add(Error(path, Line(at), Column(at), errorId, subject, message, expected));

    private static YamlScalar ToScalar(Scalar scalar) => new(scalar.Value, scalar.Style == ScalarStyle.Plain, Line(scalar), Column(scalar));

    private static int Line(ParsingEvent parsed) => (int)parsed.Start.Line;

    private static int Column(ParsingEvent parsed) => (int)parsed.Start.Column;

    private static DocumentDiagnostic SyntaxError(string path, string text, YamlException exception)
    {
        // A tab is often noticed only as the end of the line before it.
        var tab = YamlText.FindTabIndentation(text, exception.Start.Line + 1);
        if (tab.Line > 0)
        {
            return Error(path, tab.Line, tab.Column, "TabIndentation", "", "A tab indents this line; YAML allows spaces only.", "spaces");
        }
        var (line, column) = YamlText.Within(text, (int)exception.Start.Line, (int)exception.Start.Column);
        return Error(path, line, column, "YamlSyntax", "", $"The YAML can't be read: {Sentence(exception.Message)}", "");
    }

    // YamlDotNet puts the position before some messages; the diagnostic has it already.
    private static string Sentence(string message)
    {
        var text = message.StartsWith('(') && message.IndexOf("): ", StringComparison.Ordinal) is > 0 and var end ? message[(end + 3)..] : message;
        return text.TrimEnd('.') + ".";
    }

    private static DocumentDiagnostic Error(string path, int line, int column, string errorId, string subject, string message, string expected) =>
        new(path, line, column, CheckStatus.Fail, errorId, subject, message, expected);
}
