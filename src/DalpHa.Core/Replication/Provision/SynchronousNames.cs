using System.Globalization;
using System.Text.RegularExpressions;

namespace DalpHa.Core.Replication;

/// <summary>Whom commits wait for, as <c>synchronous_standby_names</c> says it: <c>FIRST 1 (a, b)</c>, <c>ANY 2 (a, b, c)</c>, <c>2 (a, b)</c>, <c>a, b</c>, <c>*</c>.</summary>
/// <remarks>The grammar is that of syncrep_gram.y in PostgreSQL's source; names are compared as SyncRepGetStandbyPriority does, without case.</remarks>
public sealed partial class SynchronousNames
{
    private readonly IReadOnlyList<string> names;

    private SynchronousNames(int needed, IReadOnlyList<string> names)
    {
        Needed = needed;
        this.names = names;
    }

    /// <summary>How many of them a commit waits for; 0 when it waits for nobody.</summary>
    public int Needed { get; }

    /// <summary>Reads the setting.</summary>
    public static SynchronousNames Parse(string setting)
    {
        var (counted, list) = Counted().Match(setting) is { Success: true } match
            ? (int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Groups[2].Value)
            : (1, setting);
        var names = Name().Matches(list).Select(name => name.Value.StartsWith('"') ? name.Value[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name.Value).ToList();
        return new SynchronousNames(names.Count == 0 ? 0 : counted, names);
    }

    /// <summary>Whether commits return while these are attached. A standby with no one of the names does not count, whatever it has received.</summary>
    /// <param name="attached">The names of those that stream (<c>application_name</c>), each as often as it does.</param>
    public bool AreServedBy(IEnumerable<string> attached) => attached.Count(one => names.Any(name => name == "*" || string.Equals(name, one, StringComparison.OrdinalIgnoreCase))) >= Needed;

    [GeneratedRegex(@"^\s*(?:(?:FIRST|ANY)\s+)?(\d+)\s*\((.*)\)\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Counted();

    [GeneratedRegex("""
        "(?:[^"]|"")*"|[^\s,"]+
        """, RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
