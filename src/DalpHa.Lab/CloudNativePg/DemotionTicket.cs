using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api;

namespace DalpHa.Lab.CloudNativePg;

/// <summary>What the operator makes of a token when it checks it against a standby.</summary>
internal enum TicketVerdict
{
    /// <summary>The standby stands where the token says.</summary>
    Good,
    /// <summary>It has not come there yet.</summary>
    Wait,
    /// <summary>It never will.</summary>
    Refused,
}

/// <summary>
/// The token of a demoted cluster: base64 of JSON out of its control file. Sources: pkg/utils/parser.go and pkg/promotiontoken of CloudNativePG, whose
/// check compares the token with the control file of the standby, after a checkpoint there.
/// </summary>
internal static class DemotionTicket
{
    private const string OperatorVersion = "1.30.0";

    // The token's fields, and what pg_controldata calls them.
    private static readonly (string Field, string Label)[] Fields =
    [
        ("latestCheckpointTimelineID", "Latest checkpoint's TimeLineID"),
        ("redoWalFile", "Latest checkpoint's REDO WAL file"),
        ("databaseSystemIdentifier", "Database system identifier"),
        ("latestCheckpointREDOLocation", "Latest checkpoint's REDO location"),
        ("timeOfLatestCheckpoint", "Time of latest checkpoint"),
    ];

    /// <summary>Writes the token of a server that was shut down.</summary>
    public static string Write(IReadOnlyDictionary<string, string> control)
    {
        var content = new JsonObject();
        foreach (var (field, label) in Fields)
        {
            content[field] = control[label];
        }
        content["operatorVersion"] = OperatorVersion;
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(content.ToJsonString()));
    }

    /// <summary>What is wrong with a token's form; null when nothing is.</summary>
    public static string? Problem(string token)
    {
        try
        {
            var content = Read(token);
            return Fields.Select(field => field.Field).Append("operatorVersion").FirstOrDefault(field => string.IsNullOrEmpty(content.Text(field))) is { } missing
                ? $"Invalid promotionToken content: {missing} is empty"
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return $"Invalid promotionToken format: {exception.Message}";
        }
    }

    /// <summary>Checks a token against the control data of the standby that is to be promoted with it.</summary>
    public static TicketVerdict Check(string token, IReadOnlyDictionary<string, string> standby)
    {
        var content = Read(token);
        if (content.Text("databaseSystemIdentifier") != standby["Database system identifier"])
        {
            return TicketVerdict.Refused;
        }
        var timelines = Number(content.Text("latestCheckpointTimelineID")!).CompareTo(Number(standby["Latest checkpoint's TimeLineID"]));
        var positions = Position(content.Text("latestCheckpointREDOLocation")!).CompareTo(Position(standby["Latest checkpoint's REDO location"]));
        return (timelines != 0 ? timelines : positions) switch
        {
            > 0 => TicketVerdict.Wait,
            < 0 => TicketVerdict.Refused,
            _ => TicketVerdict.Good,
        };
    }

    private static JsonObject Read(string token) => JsonNode.Parse(Convert.FromBase64String(token)) as JsonObject ?? throw new JsonException("it is no object");

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static ulong Position(string lsn)
    {
        var parts = lsn.Split('/');
        return (ulong.Parse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) << 32) + ulong.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
