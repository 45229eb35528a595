namespace DalpHa.Module.Tests;

/// <summary>What runs on this machine, as Linux tells it.</summary>
public static class Processes
{
    /// <summary>The ids of a process's children.</summary>
    public static IEnumerable<int> ChildrenOf(int parent) => Stats().Where(stat => stat.Parent == parent).Select(stat => stat.Id);

    /// <summary>The ids of the processes whose command line has a text in it.</summary>
    public static IEnumerable<int> Naming(string text) => Stats().Select(stat => stat.Id).Where(id => Read($"/proc/{id}/cmdline").Contains(text, StringComparison.Ordinal));

    private static IEnumerable<(int Id, int Parent)> Stats()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            // proc(5): the parent is the second field after the command, which may hold spaces and parentheses; Z is a process of which only the exit code is left.
            if (int.TryParse(Path.GetFileName(folder), out var id) && Read($"{folder}/stat") is { Length: > 0 } stat
                && stat[(stat.LastIndexOf(')') + 2)..].Split(' ') is [not "Z", var parent, ..])
            {
                yield return (id, int.Parse(parent, System.Globalization.CultureInfo.InvariantCulture));
            }
        }
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
        catch (UnauthorizedAccessException)
        {
            return "";
        }
    }
}
