using System.Text;
using DalpHa.Core.Errors;

namespace DalpHa.Core.Failover;

/// <summary>A journal on this machine: one file that only grows, held by one process, flushed to the disk with every record.</summary>
public sealed class JournalFile : IDisposable
{
    private readonly FileStream hold;
    private readonly FileStream stream;
    private DalpException? refused;

    private JournalFile(string path, FileStream hold, FileStream stream, JournalChain chain)
    {
        Path = path;
        this.hold = hold;
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
        FileStream? hold = null;
        FileStream? stream = null;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            // Held by a file of its own: a lock on the journal itself would keep its readers out.
            hold = new FileStream(path + ".lock", Options(FileShare.None));
            stream = new FileStream(path, Options(FileShare.ReadWrite));
            var chain = JournalChain.Read(ReadAll(stream), path);
            var whole = chain.Lines.Sum(line => Encoding.UTF8.GetByteCount(line) + 1L);
            // A last record that lacks only its line feed counts, and gets it.
            if (stream.Length == whole - 1)
            {
                stream.Position = stream.Length;
                stream.WriteByte((byte)'\n');
            }
            stream.SetLength(whole);
            stream.Position = whole;
            return new JournalFile(path, hold, stream, chain);
        }
        catch (Exception exception)
        {
            stream?.Dispose();
            hold?.Dispose();
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw Refused(path, exception);
            }
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
    /// <exception cref="DalpException">The disk refuses, or has refused before: the chain then holds a record that the file may lack, and no later one may stand in its place.</exception>
    public void Append(string line)
    {
        if (refused is not null)
        {
            throw refused;
        }
        try
        {
            stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
            stream.Flush(flushToDisk: true);
        }
        catch (IOException exception)
        {
            throw refused = Refused(Path, exception);
        }
    }

    /// <summary>Lets the file go.</summary>
    public void Dispose()
    {
        stream.Dispose();
        hold.Dispose();
    }

    /// <summary>Takes a file off the disk that nobody rests anything on. What can't be taken off stays.</summary>
    internal void Delete()
    {
        try
        {
            File.Delete(Path);
            File.Delete(hold.Name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return;
        }
    }

    private static FileStreamOptions Options(FileShare share)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        return options;
    }

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
