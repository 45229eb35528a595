using System.Text;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Cuts what a program says into lines, holds no more than one of them, and no more of that than its beginning.</summary>
/// <param name="hear">Is given each line.</param>
/// <param name="maxBytes">How much the program may say in all.</param>
internal sealed class OutputLines(Action<string> hear, long maxBytes)
{
    private const int MaxLine = 4096;
    private readonly byte[] line = new byte[MaxLine];
    private int length;
    private long total;

    /// <exception cref="TooLongException">The program says more than it may.</exception>
    public void Add(ReadOnlySpan<byte> part)
    {
        if ((total += part.Length) > maxBytes)
        {
            throw new TooLongException(maxBytes);
        }
        while (part.IndexOf((byte)'\n') is >= 0 and var end)
        {
            Keep(part[..end]);
            End();
            part = part[(end + 1)..];
        }
        Keep(part);
    }

    /// <summary>The program has ended; a last line without an end is one too.</summary>
    public void Finish()
    {
        if (length > 0)
        {
            End();
        }
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        var room = part[..Math.Min(part.Length, MaxLine - length)];
        room.CopyTo(line.AsSpan(length));
        length += room.Length;
    }

    private void End()
    {
        var text = Encoding.UTF8.GetString(line, 0, length);
        length = 0;
        hear(text);
    }
}
