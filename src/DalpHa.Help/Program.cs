using DalpHa.Help;

if (args is not [var manifest, var pages, var output])
{
    Console.Error.WriteLine("Usage: DalpHa.Help <manifest> <folder of Markdown pages> <MAML file>");
    return 2;
}

var problems = new List<string>();
var commands = CommandCatalog.Read(manifest);
var topics = new List<(CommandDescription, HelpPage)>();
foreach (var command in commands)
{
    var path = Path.Combine(pages, command.Name + ".md");
    if (!File.Exists(path))
    {
        problems.Add($"{path}: there is no page for {command.Name}.");
        continue;
    }
    var page = HelpPage.Parse(path, problems);
    topics.Add((command, page));
    foreach (var parameter in command.Parameters.Where(parameter => !page.Parameters.ContainsKey(parameter.Name)))
    {
        problems.Add($"{path}: -{parameter.Name} is not described.");
    }
    foreach (var name in page.Parameters.Keys.Where(name => command.Parameters.All(parameter => parameter.Name != name)))
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
