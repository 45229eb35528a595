using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.State;

namespace DalpHa.Hosting;

/// <summary>A cmdlet that writes a file to start from, and never over one that is there unless it is told to.</summary>
public abstract class ScaffoldCommand : AsyncCommand
{
    /// <summary>Replaces a file that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Asks, and writes the file whole.</summary>
    /// <exception cref="DalpException">It is there already (<c>FileExists</c>).</exception>
    protected async Task WriteAsync(string path, string text, string action)
    {
        if (Directory.Exists(path) || (File.Exists(path) && !Force))
        {
            throw new DalpException("FileExists", FaultKind.Conflict, $"'{path}' is there already.", "Give another -Path, or -Force to replace the file.", path);
        }
        if (await AskAsync(() => ShouldProcess(path, action)).ConfigureAwait(false))
        {
            AtomicFile.WriteAllText(path, text);
            Emit(new FileInfo(path));
        }
    }
}
