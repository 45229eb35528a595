using System.Globalization;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness;

/// <summary>How findings write amounts and lists, short enough for a table's cell.</summary>
internal static class Wording
{
    /// <summary>As <c>1 pod</c>, <c>3 pods</c>.</summary>
    public static string Count(long count, string thing) => count == 1
        ? $"1 {thing}"
        : $"{count} {(thing.EndsWith('s') ? thing + "es" : thing.EndsWith('y') ? thing[..^1] + "ies" : thing + "s")}";

    /// <summary>The first few names, and how many more there are.</summary>
    public static string List(IEnumerable<string> names, int show = 3)
    {
        var all = names.Order(StringComparer.Ordinal).ToList();
        return string.Join(", ", all.Take(show)) + (all.Count > show ? $" +{all.Count - show}" : "");
    }

    /// <summary>As <c>2.5 CPU, 4.0 GiB</c>.</summary>
    public static string Amounts(ResourceAmounts amounts) => $"{Cpu(amounts.Cpu)}, {Bytes(amounts.MemoryBytes)}";

    /// <summary>CPU in cores.</summary>
    public static string Cpu(decimal cores) => cores.ToString("0.##", CultureInfo.InvariantCulture) + " CPU";

    /// <summary>Bytes in the unit that suits them.</summary>
    public static string Bytes(decimal bytes) => bytes switch
    {
        < 1024 => bytes.ToString("0", CultureInfo.InvariantCulture) + " B",
        < 1024 * 1024 => (bytes / 1024).ToString("0.#", CultureInfo.InvariantCulture) + " KiB",
        < 1024L * 1024 * 1024 => (bytes / (1024 * 1024)).ToString("0.#", CultureInfo.InvariantCulture) + " MiB",
        _ => (bytes / (1024L * 1024 * 1024)).ToString("0.#", CultureInfo.InvariantCulture) + " GiB",
    };

    /// <summary>A length of time in its two largest units' worth of precision.</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } => $"{time.TotalDays:0} d",
        { TotalHours: >= 2 } => $"{time.TotalHours:0.#} h",
        { TotalMinutes: >= 2 } => $"{time.TotalMinutes:0.#} min",
        _ => $"{time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s",
    };
}
