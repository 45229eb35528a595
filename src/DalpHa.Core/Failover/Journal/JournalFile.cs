using System.Text;
using DalpHa.Core.Errors;

namespace DalpHa.Core.Failover;

/// <summary>A journal on this machine: one file that only grows, held by one process, flushed to the disk with every record.</summary>
public sealed class JournalFile : IDisposable
{
    private readonly FileStream stream;

    private JournalFile(string path, FileStream stream, JournalChain chain)
    {
        Path = path;
        this.stream = stream;
        Chain = chain;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What it holds.</summary>
    public JournalChain Chain { get; }

    /// <summary>Opens a journal, or makes it. A last line that was never written whole is cut off: its writer died before anything rested on it.</summary>
    /// <exception cref="DalpException">Another process holds it, the disk refuses, or a record was changed.</exception>
    public static JournalFile Open(string path)
    {
        FileStream? stream = null;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.Read, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }
            stream = new FileStream(path, options);
            var chain = JournalChain.Read(ReadAll(stream), path);
            var whole = chain.Lines.Sum(line => Encoding.UTF8.GetByteCount(line) + 1L);
            stream.SetLength(whole);
            stream.Position = whole;
            return new JournalFile(path, stream, chain);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            stream?.Dispose();
            throw Refused(path, exception);
        }
        catch
        {
            stream?.Dispose();
            throw;
        }
    }

    /// <summary>Reads a journal without holding it.</summary>
    /// <exception cref="DalpException">The file can't be read, or a record was changed.</exception>
    public static JournalChain Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return JournalChain.Read(ReadAll(stream), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, exception);
        }
    }

    /// <summary>Writes a line of the chain and returns when it is on the disk.</summary>
    /// <exception cref="DalpException">The disk refuses. The chain then holds a record that the file does not, so this object must not be used again.</exception>
    public void Append(string line)
    {
        try
        {
            stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
            stream.Flush(flushToDisk: true);
        }
        catch (IOException exception)
        {
            throw Refused(Path, exception);
        }
    }

    /// <summary>Lets the file go.</summary>
    public void Dispose() => stream.Dispose();

    private static string ReadAll(FileStream stream)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: false), detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        return reader.ReadToEnd();
    }

    private static DalpException Refused(string path, Exception inner) => new(
        "JournalRefused",
        FaultKind.LocalResource,
        $"The journal '{path}' can't be used: {inner.Message} Nothing is done that is not written there first.",
        "Free the disk, or set DALPHA_STATE to a folder that can be written; another process that holds the file is a failover that still runs. Then resume: Resume-DalpFailover.",
        path,
        inner);
}
