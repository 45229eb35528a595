using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Failover;

/// <summary>What a demotion token is good for right now.</summary>
public enum TokenVerdict
{
    /// <summary>The standby stands exactly where the demoted primary stopped.</summary>
    Usable,
    /// <summary>The standby is not there yet, and may come there.</summary>
    Wait,
    /// <summary>It never will: a promotion with it fails for good.</summary>
    Refuse,
}

/// <summary>The verdict on a token, and why.</summary>
/// <param name="Verdict">What it is good for.</param>
/// <param name="Reason">Why, in a sentence.</param>
public sealed record TokenCheck(TokenVerdict Verdict, string Reason);

/// <summary>
/// Where a demoted CloudNativePG cluster stopped: base64 of JSON out of its control file, written at its shutdown. A standby that is promoted with it has lost
/// nothing; the operator refuses one that stands elsewhere, some of it for good, so it is checked beforehand.
/// </summary>
/// <remarks>Source: pkg/utils and pkg/promotiontoken of the CloudNativePG repository.</remarks>
/// <param name="SystemIdentifier">PostgreSQL's system identifier.</param>
/// <param name="Timeline">The timeline that it ended on.</param>
/// <param name="Lsn">Where its shutdown checkpoint stands: the last record that it wrote.</param>
/// <param name="WalFile">The WAL file that holds it.</param>
/// <param name="CheckpointAt">When that was, as PostgreSQL wrote it.</param>
/// <param name="OperatorVersion">Which operator wrote the token.</param>
public sealed record DemotionToken(string SystemIdentifier, int Timeline, Lsn Lsn, string WalFile, string CheckpointAt, string OperatorVersion)
{
    // A shutdown checkpoint's record, with the headers of the page that it may begin, ends within so many bytes (access/xlogrecord.h, catalog/pg_control.h).
    private const long CheckpointRecordBytes = 192;

    /// <summary>Reads a token; null when it is none.</summary>
    /// <param name="text">The token, as it stands in <c>status.demotionToken</c>.</param>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    public static DemotionToken? Parse(string text, out string? problem)
    {
        try
        {
            var content = JsonSerializer.Deserialize(Convert.FromBase64String(text), TokenJson.Default.TokenContent) ?? throw new JsonException("it is empty");
            var missing = content.Missing().ToList();
            if (missing.Count > 0)
            {
                problem = $"It lacks {string.Join(", ", missing)}.";
                return null;
            }
            if (!int.TryParse(content.LatestCheckpointTimelineID, NumberStyles.None, CultureInfo.InvariantCulture, out var timeline) || timeline < 1)
            {
                problem = $"'{content.LatestCheckpointTimelineID}' is no timeline.";
                return null;
            }
            problem = null;
            return new DemotionToken(
                content.DatabaseSystemIdentifier!, timeline, Lsn.Parse(content.LatestCheckpointREDOLocation)!.Value, content.RedoWalFile!, content.TimeOfLatestCheckpoint!, content.OperatorVersion!);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            problem = exception is JsonException ? "It holds no JSON of the kind that CloudNativePG writes." : exception.Message;
            return null;
        }
    }

    /// <summary>Checks a token against the standby that shall be promoted with it.</summary>
    /// <param name="text">The token.</param>
    /// <param name="systemIdentifier">The standby's system identifier.</param>
    /// <param name="timeline">The timeline that it replays.</param>
    /// <param name="replayed">How far it has replayed; null when that can't be seen.</param>
    public static TokenCheck Check(string text, string systemIdentifier, int timeline, Lsn? replayed)
    {
        if (Parse(text, out var problem) is not { } token)
        {
            return new TokenCheck(TokenVerdict.Refuse, $"The token can't be read. {problem}");
        }
        return token.Check(systemIdentifier, timeline, replayed);
    }

    private TokenCheck Check(string systemIdentifier, int timeline, Lsn? replayed)
    {
        if (SystemIdentifier != systemIdentifier)
        {
            return Refuse($"The token is of another database (system identifier {SystemIdentifier}, the standby's is {systemIdentifier}).");
        }
        if (timeline > Timeline)
        {
            return Refuse($"The standby is on timeline {timeline}, past the token's {Timeline}: it has followed another promotion.");
        }
        if (timeline < Timeline)
        {
            return Wait($"The standby is on timeline {timeline} and has not followed to the token's {Timeline} yet.");
        }
        if (replayed is not { } position)
        {
            return Wait("How far the standby has replayed can't be seen.");
        }
        var ahead = position - Lsn;
        return ahead switch
        {
            <= 0 => Wait($"The standby has replayed up to {position}, and the demoted primary's last record stands at {Lsn}: {-ahead} bytes before it, and that record itself, are to come."),
            > CheckpointRecordBytes => Refuse($"The standby has replayed up to {position}, {ahead} bytes past the demoted primary's last record at {Lsn}: that was not its last."),
            _ => new TokenCheck(TokenVerdict.Usable, $"The standby has replayed the demoted primary's last record, at {Lsn} on timeline {Timeline}."),
        };
    }

    private static TokenCheck Wait(string reason) => new(TokenVerdict.Wait, reason);

    private static TokenCheck Refuse(string reason) => new(TokenVerdict.Refuse, reason);
}

/// <summary>The token's JSON.</summary>
internal sealed record TokenContent
{
    public string? LatestCheckpointTimelineID { get; init; }

    public string? RedoWalFile { get; init; }

    public string? DatabaseSystemIdentifier { get; init; }

    public string? LatestCheckpointREDOLocation { get; init; }

    public string? TimeOfLatestCheckpoint { get; init; }

    public string? OperatorVersion { get; init; }

    // The operator refuses a token that lacks any of them.
    public IEnumerable<string> Missing() =>
        from field in new (string Name, string? Value)[]
        {
            ("latestCheckpointTimelineID", LatestCheckpointTimelineID),
            ("redoWalFile", RedoWalFile),
            ("databaseSystemIdentifier", DatabaseSystemIdentifier),
            ("latestCheckpointREDOLocation", LatestCheckpointREDOLocation),
            ("timeOfLatestCheckpoint", TimeOfLatestCheckpoint),
            ("operatorVersion", OperatorVersion),
        }
        where string.IsNullOrEmpty(field.Value)
        select field.Name;
}

/// <summary>Serialisation of tokens without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TokenContent))]
internal sealed partial class TokenJson : JsonSerializerContext;
