using System.Globalization;
using System.Text.RegularExpressions;
using DalpHa.Core.Errors;

namespace DalpHa.Lab.Postgres;

/// <summary>Where this machine keeps PostgreSQL's server programs.</summary>
/// <param name="Folder">The folder that holds <c>postgres</c>, <c>initdb</c> and <c>pg_basebackup</c>.</param>
public sealed partial record PostgresBinaries(string Folder)
{
    private static readonly string Suffix = OperatingSystem.IsWindows() ? ".exe" : "";

    /// <summary>The full path of one of the programs.</summary>
    public string this[string program] => Path.Combine(Folder, program + Suffix);

    /// <summary>
    /// Finds them: the folder that PGBIN names and no other, else PATH, else the newest of the places where Debian, Homebrew and the Windows installer put them.
    /// </summary>
    /// <exception cref="DalpException">There are none (<c>PostgresBinariesNotFound</c>).</exception>
    public static PostgresBinaries Find()
    {
        if (Environment.GetEnvironmentVariable("PGBIN") is { Length: > 0 } chosen)
        {
            return FindIn([chosen]) ?? throw NotFound($"PGBIN names '{chosen}', which does not hold postgres, initdb and pg_basebackup.");
        }
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return FindIn(path.Concat(InstalledFolders()))
            ?? throw NotFound("PostgreSQL's server programs are not on this machine: neither in PATH nor where installers put them.");
    }

    /// <summary>The first of the folders that holds the programs, or null.</summary>
    internal static PostgresBinaries? FindIn(IEnumerable<string> folders) => folders
        .Select(folder => new PostgresBinaries(folder))
        .FirstOrDefault(binaries => File.Exists(binaries["postgres"]) && File.Exists(binaries["initdb"]) && File.Exists(binaries["pg_basebackup"]));

    private static IEnumerable<string> InstalledFolders()
    {
        var programFiles = Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles);
        (string Parent, string Pattern)[] places =
        [
            ("/usr/lib/postgresql", "*"),
            ("/opt/homebrew/opt", "postgresql@*"),
            ("/usr/local/opt", "postgresql@*"),
            (Path.Combine(programFiles, "PostgreSQL"), "*"),
        ];
        return places
            .Where(place => Directory.Exists(place.Parent))
            .SelectMany(place => Directory.GetDirectories(place.Parent, place.Pattern))
            .OrderByDescending(MajorVersion)
            .Select(folder => Path.Combine(folder, "bin"));
    }

    private static int MajorVersion(string folder) =>
        TrailingNumber().Match(folder) is { Success: true } match ? int.Parse(match.Value, CultureInfo.InvariantCulture) : 0;

    private static DalpException NotFound(string message)
    {
        var install = OperatingSystem.IsWindows() ? "winget install PostgreSQL.PostgreSQL.17"
            : OperatingSystem.IsMacOS() ? "brew install postgresql@17"
            : "apt-get install postgresql (Debian, Ubuntu) or dnf install postgresql-server (Fedora, RHEL)";
        return new DalpException(
            "PostgresBinariesNotFound",
            FaultKind.LocalResource,
            message,
            $"Install the server: {install}. Or let PGBIN name the folder of its programs.");
    }

    [GeneratedRegex(@"\d{1,4}$")]
    private static partial Regex TrailingNumber();
}
