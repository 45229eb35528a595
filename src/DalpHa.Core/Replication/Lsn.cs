using System.Globalization;

namespace DalpHa.Core.Replication;

/// <summary>A position in PostgreSQL's write-ahead log, in the notation of the type <c>pg_lsn</c>: two hexadecimal halves, as <c>16/B374D848</c>.</summary>
/// <param name="Value">The byte position.</param>
public readonly record struct Lsn(ulong Value) : IComparable<Lsn>
{
    /// <summary>Reads <c>X/X</c>; null in, null out.</summary>
    /// <exception cref="FormatException">The text is not a position.</exception>
    public static Lsn? Parse(string? text)
    {
        if (text is null)
        {
            return null;
        }
        var slash = text.IndexOf('/');
        if (slash > 0
            && uint.TryParse(text.AsSpan(0, slash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
            && uint.TryParse(text.AsSpan(slash + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low))
        {
            return new Lsn(((ulong)high << 32) | low);
        }
        throw new FormatException($"'{text}' is not a WAL position.");
    }

    /// <summary>Bytes from <paramref name="right"/> to <paramref name="left"/>; negative when <paramref name="left"/> is behind.</summary>
    public static long operator -(Lsn left, Lsn right) => unchecked((long)(left.Value - right.Value));

    /// <summary>Whether <paramref name="left"/> comes before <paramref name="right"/>.</summary>
    public static bool operator <(Lsn left, Lsn right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> comes after <paramref name="right"/>.</summary>
    public static bool operator >(Lsn left, Lsn right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> comes before <paramref name="right"/>, or is it.</summary>
    public static bool operator <=(Lsn left, Lsn right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> comes after <paramref name="right"/>, or is it.</summary>
    public static bool operator >=(Lsn left, Lsn right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(Lsn other) => Value.CompareTo(other.Value);

    /// <summary>The position as PostgreSQL writes it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(uint)(Value >> 32):X}/{(uint)Value:X}");
}
