namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// Finds a program as kubectl does: in PATH only. The platform's own search starts in the application's and the current folder, where somebody
/// could leave a program that then sees every login.
/// </summary>
internal static class ProgramPath
{
    /// <summary>The program's full path, or null when there is none.</summary>
    public static string? Find(string command)
    {
        var extensions = Extensions(command);
        if (Path.IsPathRooted(command))
        {
            return extensions.Select(e => command + e).FirstOrDefault(File.Exists);
        }
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders
            .Where(Path.IsPathRooted)
            .SelectMany(folder => extensions.Select(e => Path.Combine(folder, command + e)))
            .FirstOrDefault(File.Exists);
    }

    private static IReadOnlyList<string> Extensions(string command)
    {
        if (!OperatingSystem.IsWindows() || Path.HasExtension(command))
        {
            return [""];
        }
        return (Environment.GetEnvironmentVariable("PATHEXT") ?? ".COM;.EXE;.BAT;.CMD").Split(';', StringSplitOptions.RemoveEmptyEntries);
    }
}
