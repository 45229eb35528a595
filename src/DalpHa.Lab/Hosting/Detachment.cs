using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DalpHa.Core.Lab;
using Microsoft.Win32.SafeHandles;

namespace DalpHa.Lab.Hosting;

/// <summary>
/// Cuts what ties the lab to the session that started it: a session of its own, so that no terminal's hang-up or Ctrl+C reaches it, and the
/// streams that it was given are let go of. Until the lab is up its first output is kept, to tell how far it has got.
/// </summary>
internal sealed class Detachment : IDisposable
{
    private const int StandardOutput = 1;
    private const int StandardError = 2;
    private readonly Stream progress;

    private Detachment(Stream progress)
    {
        this.progress = progress;
    }

    public static Detachment Begin()
    {
        if (OperatingSystem.IsWindows())
        {
            return new Detachment(System.Console.OpenStandardOutput());
        }
        // Fails when the process leads a group already, as under setsid(1) or from a shell: then there is nothing to do.
        _ = NewSession();
        var kept = Control(StandardOutput, OperatingSystem.IsMacOS() ? 67 : 1030, 3); // F_DUPFD_CLOEXEC: no child gets it
        return new Detachment(new FileStream(new SafeFileHandle(kept, ownsHandle: true), FileAccess.Write, bufferSize: 0));
    }

    /// <summary>Lets go of the streams, which from now on lead to a file that exists: there the runtime writes why it crashed.</summary>
    public void SendErrorsTo(string logFile)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        using var log = File.OpenHandle(logFile, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        var descriptor = log.DangerousGetHandle().ToInt32();
        _ = Duplicate(descriptor, StandardOutput);
        _ = Duplicate(descriptor, StandardError);
    }

    public void Tell(LabProgress said)
    {
        try
        {
            progress.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(said, LabJson.Default.LabProgress) + "\n"));
            progress.Flush();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Whoever listened is gone; the lab is not there for him alone.
        }
    }

    /// <summary>Lets go of the last stream.</summary>
    public void Dispose() => progress.Dispose();

    [DllImport("libc", EntryPoint = "setsid")]
    private static extern int NewSession();

    [DllImport("libc", EntryPoint = "dup2")]
    private static extern int Duplicate(int from, int to);

    [DllImport("libc", EntryPoint = "fcntl")]
    private static extern int Control(int descriptor, int command, int argument);
}
