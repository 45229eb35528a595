namespace DalpHa.Core.Documents;

/// <summary>Paths as operators write them in files and variables.</summary>
public static class UserPath
{
    /// <summary>Makes a path absolute: <c>~</c> is the user's home, and a relative path starts from <paramref name="folder"/>.</summary>
    public static string Expand(string path, string folder)
    {
        var fromHome = path == "~" || path.StartsWith("~/", StringComparison.Ordinal) || path.StartsWith(@"~\", StringComparison.Ordinal);
        return fromHome
            ? Path.GetFullPath(path[1..].TrimStart('/', '\\'), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile))
            : Path.GetFullPath(path, folder);
    }
}
