using System.Text;

namespace DalpHa.Core.State;

/// <summary>Replaces files so that a reader sees the old content or the new, whole, whatever happens in between.</summary>
public static class AtomicFile
{
    /// <summary>Writes beside the file, flushes to disk, and renames over it. The file is readable by its owner only.</summary>
    /// <exception cref="IOException">The disk is full or the folder can't be written; the old content stands.</exception>
    public static void WriteAllText(string path, string content)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(Encoding.UTF8.GetBytes(content));
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
