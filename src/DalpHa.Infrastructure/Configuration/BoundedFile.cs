using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Configuration;

/// <summary>Reads a configuration file whole, and refuses at once what would never end or never fit.</summary>
internal static class BoundedFile
{
    /// <summary>Reads the bytes of a regular file that is neither empty nor larger than <paramref name="limit"/>.</summary>
    /// <exception cref="DalpException">The file can't be read, is empty, or is too large.</exception>
    public static byte[] Read(string path, int limit)
    {
        if (Directory.Exists(path))
        {
            throw Unreadable("NotAFile", FaultKind.InvalidInput, $"'{path}' is a folder.", "Give the path of the file itself.", path);
        }
        try
        {
            var size = SizeOf(path);
            if (size == 0)
            {
                throw Unreadable("EmptyFile", FaultKind.InvalidInput, $"'{path}' is empty, or no regular file.", "Give another path; New-DalpTopology and New-DalpRunbook write a file to start from.", path);
            }
            return size > limit ? throw TooLarge(path, limit) : ReadAtMost(path, limit);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DalpException(
                "FileNotFound", FaultKind.NotFound, $"There is no file '{path}'.", "Check the path; New-DalpTopology and New-DalpRunbook write a file to start from.", path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DalpException(
                "FileUnreadable", FaultKind.LocalResource, $"'{path}' can't be read: {exception.Message}", "Check the file's permissions.", path, exception);
        }
    }

    /// <summary>
    /// A file's size, links followed; 0 for an empty one and for what is no regular file. To be looked at before it is opened: opening a named pipe waits
    /// for a writer, and a device may have no end.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static long SizeOf(string path)
    {
        var file = new FileInfo(path);
        return (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length;
    }

    /// <summary>Refuses an empty file and what is no regular file, which whoever opens it might wait for without end. A folder is left to the opening.</summary>
    /// <exception cref="IOException">It is one of these, or there is no such file.</exception>
    public static void RequireRegular(string path)
    {
        if (!Directory.Exists(path) && SizeOf(path) == 0)
        {
            throw new IOException($"'{path}' is empty, or no regular file.");
        }
    }

    private static byte[] ReadAtMost(string path, int limit)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var buffer = new byte[limit + 1];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length > limit ? throw TooLarge(path, limit) : buffer[..length];
    }

    private static DalpException TooLarge(string path, int limit) => Unreadable(
        "FileTooLarge", FaultKind.InvalidInput, $"'{path}' is larger than {limit / 1024} KiB.", "Give the right file: none that DalpHa reads is that large.", path);

    private static DalpException Unreadable(string errorId, FaultKind kind, string message, string action, string path) =>
        new(errorId, kind, message, action, path);
}
