using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DalpHa.Core.Failover;

/// <summary>
/// How long a record may be. A script may fail with all that it ever said, and a person may paste a log as what he saw. A line that the file takes and the cluster's API
/// server refuses would stand in the way of every record after it, and no failover could go on from there.
/// </summary>
internal static class JournalBound
{
    /// <summary>How many characters a record's text, and each of its data's values, may have.</summary>
    public const int Longest = 16 * 1024;

    // Of the 1 MiB that an object of the API server's may hold. In JSON a character may take six bytes or twelve, and a record may have many values.
    private const int LongestLine = 256 * 1024;

    /// <summary>A record whose texts are no longer than they may be, and its JSON. What was cut off is told in its place, by its length.</summary>
    public static (JournalRecord Record, string Json) Fit(JournalRecord record, JsonTypeInfo<JournalRecord> form)
    {
        for (var longest = Longest; ; longest /= 2)
        {
            var fitting = record with { Text = Cut(record.Text, longest), Data = record.Data.ToDictionary(entry => entry.Key, entry => Cut(entry.Value, longest)) };
            var json = JsonSerializer.Serialize(fitting, form);
            if (json.Length <= LongestLine || longest == 1)
            {
                return (fitting, json);
            }
        }
    }

    /// <summary>A text that is no longer than it may be, but for the words that say how much was cut off.</summary>
    public static string Cut(string text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }
        var kept = char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest;
        return string.Create(CultureInfo.InvariantCulture, $"{text[..kept]}… ({text.Length - kept} more characters were cut off)");
    }
}
