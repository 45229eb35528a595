using DalpHa.Help;

if (args is not [var manifest, var pages, var output])
{
    Console.Error.WriteLine("Usage: DalpHa.Help <manifest> <folder of Markdown pages> <MAML file>");
    return 2;
}

var problems = new List<string>();
var commands = CommandCatalog.Read(manifest);
var shared = HelpPage.ParseShared(Path.Combine(pages, "Parameters.md"));
var topics = new List<(CommandDescription, HelpPage)>();
foreach (var command in commands)
{
    var path = Path.Combine(pages, command.Name + ".md");
    if (!File.Exists(path))
    {
        problems.Add($"{path}: there is no page for {command.Name}.");
        continue;
    }
    var own = HelpPage.Parse(path, problems);
    var page = own with { Parameters = shared.Concat(own.Parameters).GroupBy(entry => entry.Key).ToDictionary(entry => entry.Key, entry => entry.Last().Value) };
    topics.Add((command, page));
    foreach (var parameter in command.Parameters.Where(parameter => !page.Parameters.ContainsKey(parameter.Name)))
    {
        problems.Add($"{path}: -{parameter.Name} is not described.");
    }
    foreach (var name in own.Parameters.Keys.Where(name => command.Parameters.All(parameter => parameter.Name != name)))
    {
        problems.Add($"{path}: {command.Name} has no parameter -{name}.");
    }
}
foreach (var path in Directory.EnumerateFiles(pages, "*-*.md").Where(path => commands.All(command => command.Name != Path.GetFileNameWithoutExtension(path))))
{
    problems.Add($"{path}: there is no such command.");
}
if (problems.Count > 0)
{
    problems.ForEach(Console.Error.WriteLine);
    return 1;
}
MamlWriter.Write(output, topics);
return 0;
