using System.Xml;

namespace DalpHa.Help;

/// <summary>
/// Writes the XML that Get-Help reads. Element names and their order: "Writing help for PowerShell cmdlets", XML-based help,
/// in PowerShell's developer documentation.
/// </summary>
internal sealed class MamlWriter
{
    private const string Maml = "http://schemas.microsoft.com/maml/2004/10";
    private const string Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private const string Dev = "http://schemas.microsoft.com/maml/dev/2004/10";
    private readonly XmlWriter xml;

    private MamlWriter(XmlWriter xml) => this.xml = xml;

    public static void Write(string path, IReadOnlyList<(CommandDescription Command, HelpPage Page)> topics)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var xml = XmlWriter.Create(path, new XmlWriterSettings { Indent = true, NewLineChars = "\n", NewLineHandling = NewLineHandling.None });
        xml.WriteStartElement("helpItems");
        xml.WriteAttributeString("schema", "maml");
        foreach (var (command, page) in topics)
        {
            new MamlWriter(xml).WriteTopic(command, page);
        }
        xml.WriteEndElement();
    }

    private void WriteTopic(CommandDescription command, HelpPage page)
    {
        xml.WriteStartElement("command", "command", Command);
        xml.WriteAttributeString("xmlns", "maml", null, Maml);
        xml.WriteAttributeString("xmlns", "dev", null, Dev);
        Element(Command, "details", () =>
        {
            Text(Command, "name", command.Name);
            Paragraphs("description", [page.Synopsis]);
            Text(Command, "verb", command.Verb);
            Text(Command, "noun", command.Noun);
        });
        Paragraphs("description", page.Description);
        Element(Command, "syntax", () =>
        {
            foreach (var set in command.Syntax)
            {
                Element(Command, "syntaxItem", () =>
                {
                    Text(Maml, "name", command.Name);
                    foreach (var parameter in set)
                    {
                        WriteParameter(parameter, page, isSyntax: true);
                    }
                });
            }
        });
        Element(Command, "parameters", () =>
        {
            foreach (var parameter in command.Parameters)
            {
                WriteParameter(parameter, page, isSyntax: false);
            }
        });
        Element(Command, "returnValues", () =>
        {
            foreach (var (type, text) in page.Outputs)
            {
                Element(Command, "returnValue", () =>
                {
                    WriteType(type);
                    Paragraphs("description", text);
                });
            }
        });
        Element(Maml, "alertSet", () => Element(Maml, "alert", () => Paragraphs(page.Notes)));
        Element(Command, "examples", () => WriteExamples(page));
        Element(Maml, "relatedLinks", () =>
        {
            foreach (var link in page.RelatedLinks)
            {
                Element(Maml, "navigationLink", () =>
                {
                    Text(Maml, "linkText", link);
                    Text(Maml, "uri", link.Contains("://", StringComparison.Ordinal) ? link : "");
                });
            }
        });
        xml.WriteEndElement();
    }

    private void WriteExamples(HelpPage page)
    {
        var number = 0;
        foreach (var example in page.Examples)
        {
            number++;
            Element(Command, "example", () =>
            {
                Text(Maml, "title", $"----- Example {number}: {example.Title} -----");
                // Only code keeps its line breaks and columns in Get-Help, so the output stands there too.
                Text(Dev, "code", example.Output.Length == 0 ? example.Code : $"{example.Code}\n\n{example.Output}");
                Element(Dev, "remarks", () => Paragraphs(example.Remarks));
            });
        }
    }

    private void WriteParameter(ParameterDescription parameter, HelpPage page, bool isSyntax) => Element(
        Command,
        "parameter",
        () =>
        {
            Text(Maml, "name", parameter.Name);
            Paragraphs("description", page.Parameters[parameter.Name]);
            if (isSyntax && parameter.AllowedValues.Count > 0)
            {
                Element(Command, "parameterValueGroup", () =>
                {
                    foreach (var value in parameter.AllowedValues)
                    {
                        Text(Command, "parameterValue", value);
                    }
                });
            }
            else if (!parameter.IsSwitch || !isSyntax)
            {
                Element(Command, "parameterValue", () => xml.WriteString(parameter.TypeName), ("required", parameter.IsSwitch ? "false" : "true"));
            }
            WriteType(parameter.TypeName);
        },
        ("required", parameter.IsMandatory ? "true" : "false"),
        ("globbing", "false"),
        ("pipelineInput", parameter.PipelineInput),
        ("position", parameter.Position),
        ("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases)));

    private void WriteType(string name) => Element(Dev, "type", () => Text(Maml, "name", name));

    private void Paragraphs(string element, IReadOnlyList<string> paragraphs) => Element(Maml, element, () => Paragraphs(paragraphs));

    private void Paragraphs(IReadOnlyList<string> paragraphs)
    {
        foreach (var paragraph in paragraphs)
        {
            Text(Maml, "para", paragraph);
        }
    }

    private void Text(string space, string name, string text) => Element(space, name, () => xml.WriteString(text));

    private void Element(string space, string name, Action content, params (string Name, string Value)[] attributes)
    {
        xml.WriteStartElement(name, space);
        foreach (var (attribute, value) in attributes)
        {
            xml.WriteAttributeString(attribute, value);
        }
        content();
        xml.WriteEndElement();
    }
}
