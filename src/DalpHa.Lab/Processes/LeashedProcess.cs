using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DalpHa.Lab.Processes;

/// <summary>
/// A server process that ends when this process ends, however that happens. On Unix a watcher beside it reads a pipe from us: the kernel
/// closes the pipe when we die, kill -9 included, and the watcher then stops the server. On Windows it is an ordinary child process,
/// which outlives a parent that is killed.
/// </summary>
internal sealed class LeashedProcess : IDisposable
{
    // The shell becomes the server (exec), so that our child's process id and exit code are the server's own. The watcher is started twice removed:
    // a postmaster that finds an unknown child takes its end for a crash. A server that was stopped with SIGSTOP, or has sessions that were,
    // hears SIGCONT first and SIGQUIT last: the latter lets it kill what does not answer.
    private const string Script = """
        exec 3<&0 </dev/null
        ( { read -r word <&3
            if [ "$word" != released ]; then
              kill -CONT $$; kill -INT $$; i=0
              while [ $i -lt 5 ] && kill -0 $$; do sleep 1; i=$((i+1)); done
              kill -QUIT $$
            fi
          } >/dev/null 2>&1 & )
        log=$1; shift
        exec "$@" >>"$log" 2>&1 3<&-
        """;

    private readonly Process process;

    private LeashedProcess(Process process)
    {
        this.process = process;
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>Starts a server.</summary>
    /// <param name="folder">Its working folder, and its home.</param>
    /// <param name="log">The file that its output is added to; on Windows it must write its log itself.</param>
    /// <param name="command">The program and its arguments.</param>
    public static LeashedProcess Start(string folder, string log, params IEnumerable<string> command)
    {
        var (program, arguments) = OperatingSystem.IsWindows()
            ? (command.First(), command.Skip(1))
            : ("/bin/sh", ["-c", Script, "sh", log, .. command]);
        var info = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardInput = true, UseShellExecute = false };
        info.Environment["LC_ALL"] = "C";
        info.Environment["HOME"] = folder;
        return new LeashedProcess(Process.Start(info)!);
    }

    /// <summary>Sends a signal by number. Unix only.</summary>
    public void Signal(int number)
    {
        if (!process.HasExited && Kill(process.Id, number) != 0 && Marshal.GetLastPInvokeError() is var error and not NoSuchProcess)
        {
            throw new IOException($"Process {process.Id} can't be signalled: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    /// <summary>Stops it from running (SIGSTOP), so that it hangs: the kernel still takes connections, and nobody answers. Unix only.</summary>
    public void Freeze() => Signal(SigStop);

    /// <summary>Lets it run again.</summary>
    public void Thaw() => Signal(SigCont);

    public void KillNow() => process.Kill();

    /// <summary>Waits for its end; false when it still runs after that long.</summary>
    public async Task<bool> WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(bound.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Lets the watcher go. To be called after the server's end, so that it never signals a process that has its number by then.</summary>
    public void Dispose()
    {
        try
        {
            process.StandardInput.WriteLine("released");
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The watcher is gone already.
        }
        process.Dispose();
    }

    private const int NoSuchProcess = 3;

    // Where POSIX systems do not agree on a number.
    private static readonly int SigStop = OperatingSystem.IsMacOS() ? 17 : 19;
    private static readonly int SigCont = OperatingSystem.IsMacOS() ? 19 : 18;

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int processId, int signal);
}
