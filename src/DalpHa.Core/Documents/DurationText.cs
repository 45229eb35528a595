using System.Globalization;
using System.Text.RegularExpressions;

namespace DalpHa.Core.Documents;

/// <summary>Durations as operators write them: <c>30s</c>, <c>5m</c>, <c>2h</c>, <c>1d</c>, and joined from large to small, <c>1h30m</c>.</summary>
internal static partial class DurationText
{
    /// <summary>The form of a duration, as a regular expression that JSON schema takes too. At most four digits a unit: nobody means more.</summary>
    public const string Pattern = @"^(?=[0-9])([0-9]{1,4}d)?([0-9]{1,4}h)?([0-9]{1,4}m)?([0-9]{1,4}s)?$";

    private static readonly (char Unit, TimeSpan Length)[] Units =
        [('d', TimeSpan.FromDays(1)), ('h', TimeSpan.FromHours(1)), ('m', TimeSpan.FromMinutes(1)), ('s', TimeSpan.FromSeconds(1))];

    /// <summary>Reads a duration.</summary>
    /// <exception cref="FormatException">The text is not one.</exception>
    public static TimeSpan Parse(string text)
    {
        if (text.EndsWith('\n') || !Form().IsMatch(text))
        {
            throw new FormatException("The text is not a duration.");
        }
        var (total, number) = (TimeSpan.Zero, 0);
        foreach (var character in text)
        {
            if (char.IsAsciiDigit(character))
            {
                number = (number * 10) + (character - '0');
                continue;
            }
            total += Units.First(u => u.Unit == character).Length * number;
            number = 0;
        }
        return total;
    }

    /// <summary>Writes a duration of whole seconds in the largest unit that it is a whole number of.</summary>
    public static string Format(TimeSpan duration)
    {
        var (unit, length) = Units.First(u => duration.Ticks % u.Length.Ticks == 0 || u.Unit == 's');
        return string.Create(CultureInfo.InvariantCulture, $"{duration.Ticks / length.Ticks}{unit}");
    }

    [GeneratedRegex(Pattern)]
    private static partial Regex Form();
}
