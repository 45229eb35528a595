using DalpHa.Core.Errors;

namespace DalpHa.Core.Lab;

/// <summary>Finds the program that runs a framework-dependent application.</summary>
public static class DotnetHost
{
    private static readonly string FileName = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";

    /// <summary>The exit code with which the host says that a shared framework is missing (0x80008096; Unix keeps the lowest byte).</summary>
    /// <remarks>dotnet/runtime, src/native/corehost/error_codes.h: FrameworkMissingFailure.</remarks>
    public static int FrameworkMissing => OperatingSystem.IsWindows() ? unchecked((int)0x80008096) : 0x96;

    /// <summary>The path of <c>dotnet</c>: DOTNET_HOST_PATH, DOTNET_ROOT, PATH, then the places where installers put it.</summary>
    /// <exception cref="DalpException">There is none.</exception>
    public static string Find() => Candidates().FirstOrDefault(File.Exists) ?? throw Missing(
        "The lab is a .NET program, and no 'dotnet' was found in DOTNET_HOST_PATH, DOTNET_ROOT or PATH.");

    /// <summary>The error that says what to install.</summary>
    public static DalpException Missing(string message) => new(
        "LabRuntimeMissing",
        FaultKind.LocalResource,
        message,
        "Install the ASP.NET Core 10 runtime (Debian: apt-get install aspnetcore-runtime-10.0; Windows: winget install Microsoft.DotNet.AspNetCore.10; macOS: brew install dotnet). The .NET 10 SDK has it too.");

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host)
        {
            yield return host;
        }
        var folders = new List<string?> { Environment.GetEnvironmentVariable("DOTNET_ROOT") };
        folders.AddRange((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator));
        folders.AddRange(OperatingSystem.IsWindows()
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "dotnet")]
            : ["/usr/share/dotnet", "/usr/lib/dotnet", "/usr/local/share/dotnet", "/opt/homebrew/opt/dotnet/libexec"]);
        foreach (var folder in folders)
        {
            if (folder is { Length: > 0 })
            {
                yield return Path.Combine(folder, FileName);
            }
        }
    }
}
