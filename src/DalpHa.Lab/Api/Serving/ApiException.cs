using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Reading;

namespace DalpHa.Lab.Api.Serving;

/// <summary>A refusal in the API's own terms: HTTP code, reason, message and details of a Status.</summary>
internal sealed class ApiException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    public int Code { get; } = code;

    public string Reason { get; } = reason;

    public JsonObject? Details { get; } = details;

    /// <summary>A continue token to go on with, when a list's own token is too old.</summary>
    public string? Continue { get; init; }

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiException NoSuchPath() => new(404, "NotFound", "the server could not find the requested resource", []);

    public static ApiException MethodNotAllowed(string message = "the server does not allow this method on the requested resource") =>
        new(405, "MethodNotAllowed", message, []);

    public static ApiException NotFound(string group, string plural, string name) =>
        new(404, "NotFound", $"{Qualified(group, plural)} \"{name}\" not found", About(group, plural, name));

    public static ApiException AlreadyExists(string group, string plural, string name) =>
        new(409, "AlreadyExists", $"{Qualified(group, plural)} \"{name}\" already exists", About(group, plural, name));

    public static ApiException Conflict(string group, string plural, string name, string why) => new(409, "Conflict",
        $"Operation cannot be fulfilled on {Qualified(group, plural)} \"{name}\": {why}", About(group, plural, name));

    public static ApiException Stale(string group, string plural, string name) =>
        Conflict(group, plural, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiException ApplyConflict(string message, IEnumerable<StatusCause> causes) =>
        new(409, "Conflict", message, WithCauses([], causes));

    public static ApiException Invalid(string group, string kind, string name, IReadOnlyList<StatusCause> causes)
    {
        var lines = causes.Select(cause => $"{cause.Field}: {cause.Message}").ToList();
        var list = lines.Count == 1 ? lines[0] : $"[{string.Join(", ", lines)}]";
        return new(422, "Invalid", $"{Qualified(group, kind)} \"{name}\" is invalid: {list}", WithCauses(About(group, kind, name), causes));
    }

    public static ApiException Unprocessable(string message) => new(422, "Invalid", message, []);

    public static ApiException Forbidden(string group, string plural, string name, string why, IEnumerable<StatusCause>? causes = null)
    {
        var subject = name.Length == 0 ? Qualified(group, plural) : $"{Qualified(group, plural)} \"{name}\"";
        var details = About(group, plural, name);
        return new(403, "Forbidden", $"{subject} is forbidden: {why}", causes is null ? details : WithCauses(details, causes));
    }

    public static ApiException ForbiddenPath(string user, string verb, string path) =>
        new(403, "Forbidden", $"forbidden: User \"{user}\" cannot {verb} path \"{path}\"", []);

    public static ApiException NotAcceptable() => new(406, "NotAcceptable", "only the following media types are accepted: application/json", []);

    public static ApiException UnsupportedMediaType(string message) => new(415, "UnsupportedMediaType", message, []);

    public static ApiException Gone(string message) => new(410, "Expired", message);

    public static ApiException ContinueExpired(string after) => new(410, "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use "
        + "the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - "
        + "objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.")
    {
        Continue = new ContinueToken(0, after).Encode(),
    };

    public static ApiException TooLargeVersion(ulong asked, ulong current) => new(504, "Timeout",
        $"Timeout: Too large resource version: {asked}, current: {current}",
        WithCauses(new JsonObject { ["retryAfterSeconds"] = 1 }, [new("ResourceVersionTooLarge", "Too large resource version", "")]));

    public static ApiException TooManyRequests(int seconds) => new(429, "TooManyRequests",
        "the server has received too many requests and has asked us to try again later", new JsonObject { ["retryAfterSeconds"] = seconds });

    public static ApiException EvictionRefused(string budget) => new(429, "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
        WithCauses([], [new("DisruptionBudget", $"The disruption budget {budget} needs more healthy pods", "")]));

    public static ApiException Broken(int code) => code == 503
        ? new(503, "ServiceUnavailable", "the server is currently unable to handle the request", [])
        : new(code, "InternalError", "Internal error occurred: the lab was told to fail", []);

    public static string Qualified(string group, string plural) => group.Length == 0 ? plural : $"{plural}.{group}";

    private static JsonObject About(string group, string kind, string name)
    {
        var details = new JsonObject();
        if (name.Length > 0)
        {
            details["name"] = name;
        }
        if (group.Length > 0)
        {
            details["group"] = group;
        }
        details["kind"] = kind;
        return details;
    }

    private static JsonObject WithCauses(JsonObject details, IEnumerable<StatusCause> causes)
    {
        var list = new JsonArray();
        foreach (var cause in causes)
        {
            var entry = new JsonObject { ["reason"] = cause.Reason, ["message"] = cause.Message };
            if (cause.Field.Length > 0)
            {
                entry["field"] = cause.Field;
            }
            list.Add(entry);
        }
        details["causes"] = list;
        return details;
    }
}
