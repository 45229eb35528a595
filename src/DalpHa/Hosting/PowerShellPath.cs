using System.Management.Automation;
using DalpHa.Core.Errors;

namespace DalpHa.Hosting;

/// <summary>Paths as PowerShell understands them: from its location, drives and home. Call it on the pipeline thread.</summary>
internal static class PowerShellPath
{
    /// <summary>The absolute path of a file or folder, whether it is there or not.</summary>
    /// <exception cref="DalpException">It is no path of the file system.</exception>
    public static string Resolve(PSCmdlet cmdlet, string path) => Resolve(cmdlet.SessionState, path);

    /// <inheritdoc cref="Resolve(PSCmdlet, string)"/>
    public static string Resolve(SessionState session, string path)
    {
        try
        {
            var resolved = session.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
            return provider.Name == "FileSystem" ? resolved : throw NoFilePath(path, $"it belongs to the provider {provider.Name}", null);
        }
        catch (Exception exception) when (exception is SessionStateException or PSInvalidOperationException or PSArgumentException or NotSupportedException)
        {
            throw NoFilePath(path, exception.Message, exception);
        }
    }

    /// <summary>The absolute path of a file in PowerShell's location.</summary>
    public static string InLocation(PSCmdlet cmdlet, string fileName) => InLocation(cmdlet.SessionState, fileName);

    /// <inheritdoc cref="InLocation(PSCmdlet, string)"/>
    public static string InLocation(SessionState session, string fileName) =>
        Path.Combine(session.Path.CurrentFileSystemLocation.ProviderPath, fileName);

    private static DalpException NoFilePath(string path, string why, Exception? innerException) => new(
        "PathNotFile", FaultKind.InvalidInput, $"'{path}' is no path of the file system: {why}", "Give the path of a file or a folder.", path, innerException);
}
