using System.Globalization;
using System.Text.RegularExpressions;
using DalpHa.Core.Replication;

namespace DalpHa.Infrastructure.Postgres;

/// <summary>One record as <c>pg_waldump</c> shows it.</summary>
/// <param name="Manager">The resource manager that it is of.</param>
/// <param name="Length">Its length in bytes, without the headers of the pages that it crosses.</param>
/// <param name="Position">Where it begins.</param>
/// <param name="Type">What it is.</param>
/// <param name="Description">The rest of what is said of it, perhaps cut off.</param>
/// <remarks>Sources: pg_waldump.c, xactdesc.c, compat.c and xlogreader.c of PostgreSQL 13 to 18.</remarks>
internal readonly partial record struct WalRecord(string Manager, uint Length, Lsn Position, string Type, string Description)
{
    private const uint PageHeader = 24;
    private const uint SegmentHeader = 40;

    /// <summary>When it was committed; null when it is no commit.</summary>
    /// <exception cref="FormatException">It is none of the records that transactions leave, or says no time.</exception>
    public DateTimeOffset? CommittedAt => Type switch
    {
        "COMMIT" or "COMMIT_PREPARED" when Time().Match(Description) is { Success: true } said
            && DateTimeOffset.TryParseExact(said.Groups[1].Value, "yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) => at,
        "ABORT" or "ABORT_PREPARED" or "PREPARE" or "ASSIGNMENT" or "INVALIDATION" => null,
        _ => throw new FormatException($"pg_waldump shows '{Type} {Description}' among transactions"),
    };

    /// <exception cref="FormatException">The line shows no record.</exception>
    public static WalRecord Parse(string line) => Line().Match(line) is { Success: true } shown
        ? new WalRecord(
            shown.Groups["manager"].Value,
            uint.Parse(shown.Groups["length"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture),
            Lsn.Parse(shown.Groups["position"].Value)!.Value,
            shown.Groups["type"].Value,
            shown.Groups["description"].Value)
        : throw new FormatException($"pg_waldump says '{line}'");

    /// <summary>Where the record ends, and the next one begins: after the headers of the pages that it crosses, and on a multiple of 8.</summary>
    /// <param name="page">The size of a page.</param>
    /// <param name="segment">The size of a segment, whose first page has a longer header.</param>
    public Lsn End(uint page, uint segment)
    {
        var at = Position.Value;
        ulong left = Length;
        while (true)
        {
            var room = page - (at % page);
            if (left <= room)
            {
                var end = (at + left + 7) & ~7UL;
                // What follows a switch of segments is left empty.
                return new Lsn(Type == "SWITCH" ? (end + segment - 1) / segment * segment : end);
            }
            left -= room;
            at += room;
            at += at % segment == 0 ? SegmentHeader : PageHeader;
        }
    }

    [GeneratedRegex(@"^rmgr: (?<manager>\S+) +len \(rec/tot\): +\d+/ *(?<length>\d+), tx: +\d+, lsn: (?<position>[0-9A-F]+/[0-9A-F]+), prev [0-9A-F]+/[0-9A-F]+, desc: (?<type>\S+)(?: (?<description>.*))?$")]
    private static partial Regex Line();

    // A prepared transaction's own id comes first.
    [GeneratedRegex(@"^(?:\d+: )?(\d+-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}) UTC(?:;|$| )")]
    private static partial Regex Time();
}
