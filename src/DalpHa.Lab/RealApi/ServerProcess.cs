using System.Text;
using DalpHa.Lab.Processes;

namespace DalpHa.Lab.RealApi;

/// <summary>One of a control plane's programs and its log.</summary>
/// <param name="name">What it is called.</param>
/// <param name="folder">Where it runs and logs.</param>
internal sealed class ServerProcess(string name, string folder)
{
    private LeashedProcess? process;

    public string Name => name;

    /// <summary>Its process id; null when it does not run.</summary>
    public int? ProcessId => process is { HasExited: false } running ? running.Id : null;

    /// <summary>Whether it was started and ended by itself.</summary>
    public bool HasEnded => process?.HasExited == true;

    private string Log => Path.Combine(folder, $"{name}.log");

    public void Start(IEnumerable<string> command)
    {
        OwnerOnly.WriteFile(Log, "");
        process = LeashedProcess.Start(folder, Log, command);
    }

    public void Freeze() => process?.Freeze();

    public void Thaw() => process?.Thaw();

    public async Task KillAsync(TimeSpan within)
    {
        if (process is null)
        {
            return;
        }
        process.KillNow();
        await process.WaitAsync(within, CancellationToken.None);
        process.Dispose();
        process = null;
    }

    /// <summary>The end of its log.</summary>
    public string LastWords() => File.Exists(Log) && File.ReadLines(Log, Encoding.UTF8).TakeLast(6).ToList() is { Count: > 0 } lines ? string.Join(" | ", lines) : "none";
}
