using System.Diagnostics;

namespace DalpHa.Core.Tests.Replication;

/// <summary>A file system of its own that is soon full. Mounting one takes root and Linux; where that is not given, the test is skipped.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static SmallDisk Mount()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can mount a small file system.");
        var path = Directory.CreateTempSubdirectory("dalpha-disk-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path) is not 0 and var code)
        {
            Directory.Delete(path);
            Assert.Skip($"This machine does not let root mount a file system: mount ended with {code}.");
        }
        return new SmallDisk(path);
    }

    public void Fill()
    {
        using var file = File.Create(Filler);
        Assert.Throws<IOException>(() => file.Write(new byte[128 * 1024]));
    }

    public void Free() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", Path);
        Directory.Delete(Path);
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
