using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace DalpHa.Help;

/// <summary>The prose of a help page. The shape is described in CONTRIBUTING.md.</summary>
internal sealed record HelpPage(
    string Synopsis,
    IReadOnlyList<string> Description,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Parameters,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Outputs,
    IReadOnlyList<HelpExample> Examples,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> RelatedLinks)
{
    private static readonly string[] Sections = ["Description", "Parameters", "Outputs", "Examples", "Notes", "Related links"];
    private static readonly string[] Required = ["Description", "Parameters", "Outputs", "Examples", "Notes"];

    public static HelpPage Parse(string path, List<string> problems)
    {
        var blocks = Markdown.Parse(File.ReadAllText(path)).ToList();
        var command = Path.GetFileNameWithoutExtension(path);
        if (blocks is not [HeadingBlock { Level: 1 } title, ParagraphBlock synopsis, ..] || Text(title) != command)
        {
            problems.Add($"{path}: the page begins with '# {command}' and a paragraph of synopsis.");
            return new HelpPage("", [], new Dictionary<string, IReadOnlyList<string>>(), new Dictionary<string, IReadOnlyList<string>>(), [], [], []);
        }
        var sections = Split(blocks.Skip(2), 2).ToDictionary(section => section.Title, section => section.Blocks);
        problems.AddRange(sections.Keys.Except(Sections).Select(name => $"{path}: '## {name}' is no section of a help page."));
        problems.AddRange(Required.Except(sections.Keys).Select(name => $"{path}: '## {name}' is missing."));
        IReadOnlyList<Block> Section(string name) => sections.GetValueOrDefault(name, []);
        return new HelpPage(
            Text(synopsis),
            Paragraphs(Section("Description")),
            ParametersIn(Section("Parameters")),
            Split(Section("Outputs"), 3).ToDictionary(part => part.Title, part => Paragraphs(part.Blocks)),
            [.. Split(Section("Examples"), 3).Select(HelpExample.From)],
            Paragraphs(Section("Notes")),
            [.. Section("Related links").SelectMany(block => block.Descendants<LinkInline>()).Select(link => link.Url!)]);
    }

    /// <summary>What parameters of several commands mean; a command's own page wins.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> ParseShared(string path) => ParametersIn(Markdown.Parse(File.ReadAllText(path)));

    private static Dictionary<string, IReadOnlyList<string>> ParametersIn(IEnumerable<Block> blocks) =>
        Split(blocks, 3).ToDictionary(part => part.Title.TrimStart('-'), part => Paragraphs(part.Blocks));

    internal static IReadOnlyList<string> Paragraphs(IEnumerable<Block> blocks) => [.. blocks.SelectMany(Paragraph)];

    private static IEnumerable<string> Paragraph(Block block) => block switch
    {
        ListBlock list => list.OfType<ListItemBlock>().Select(item => "- " + string.Join(" ", Paragraphs(item))),
        FencedCodeBlock code => [code.Lines.ToString()],
        LeafBlock leaf => [Text(leaf)],
        ContainerBlock container => Paragraphs(container),
        _ => [],
    };

    private static IEnumerable<(string Title, IReadOnlyList<Block> Blocks)> Split(IEnumerable<Block> blocks, int level)
    {
        (string Title, List<Block> Blocks)? current = null;
        foreach (var block in blocks)
        {
            if (block is HeadingBlock heading && heading.Level == level)
            {
                if (current is { } done)
                {
                    yield return (done.Title, done.Blocks);
                }
                current = (Text(heading), []);
            }
            else
            {
                current?.Blocks.Add(block);
            }
        }
        if (current is { } last)
        {
            yield return (last.Title, last.Blocks);
        }
    }

    private static string Text(LeafBlock block) => block.Inline is null ? "" : string.Concat(block.Inline.Select(Text));

    private static string Text(Inline inline) => inline switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        LineBreakInline => " ",
        HtmlInline html => html.Tag,
        HtmlEntityInline entity => entity.Transcoded.ToString(),
        AutolinkInline link => link.Url,
        ContainerInline container => string.Concat(container.Select(Text)),
        _ => "",
    };
}

/// <summary>An example: what to type, what comes out, and what to see in it.</summary>
internal sealed record HelpExample(string Title, string Code, string Output, IReadOnlyList<string> Remarks)
{
    public static HelpExample From((string Title, IReadOnlyList<Block> Blocks) part)
    {
        string Fenced(string language) => string.Join("\n", part.Blocks.OfType<FencedCodeBlock>().Where(code => code.Info == language).Select(code => code.Lines.ToString()));
        return new HelpExample(part.Title, Fenced("powershell"), Fenced("text"), HelpPage.Paragraphs(part.Blocks.Where(block => block is not FencedCodeBlock)));
    }
}
