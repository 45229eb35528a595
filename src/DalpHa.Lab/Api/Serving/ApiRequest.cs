using System.Globalization;
using DalpHa.Lab.Api.Selection;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>One request for a resource, understood and allowed.</summary>
internal sealed record ApiRequest(HttpContext Http, RequestTarget Target, ResourceKind Kind, ApiUser User)
{
    public string? Namespace => Kind.Namespaced ? Target.Namespace : null;

    public bool DryRun
    {
        get
        {
            var wanted = Query("dryRun");
            return wanted switch
            {
                null or "" => false,
                "All" => true,
                _ => throw ApiException.Invalid("meta.k8s.io", Target.Verb switch
                {
                    "create" => "CreateOptions",
                    "update" => "UpdateOptions",
                    "patch" => "PatchOptions",
                    _ => "DeleteOptions",
                }, "", [new("FieldValueNotSupported", $"Unsupported value: \"{wanted}\": supported values: \"All\"", "dryRun")]),
            };
        }
    }

    /// <summary>Who is recorded in managedFields: what the request names, else the first word of the user agent, as the real server does.</summary>
    public string FieldManager
    {
        get
        {
            var manager = Query("fieldManager");
            if (!string.IsNullOrEmpty(manager))
            {
                return manager;
            }
            var agent = Http.Request.Headers.UserAgent.ToString();
            var first = agent.Split('/', ' ')[0];
            return first.Length == 0 ? "unknown" : first;
        }
    }

    public ObjectSelection Selection => new(Namespace, LabelSelector.Parse(Query("labelSelector")), FieldSelector.Parse(Query("fieldSelector"), Kind));

    public string? Query(string name) => Http.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    public bool Flag(string name) => Query(name) is "true" or "1";

    public long? Number(string name)
    {
        var text = Query(name);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }
        return long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ApiException.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    /// <summary>The version that a list or a watch asks for; null when it names none.</summary>
    public ulong? ResourceVersion
    {
        get
        {
            var text = Query("resourceVersion");
            if (string.IsNullOrEmpty(text))
            {
                return null;
            }
            return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                ? version
                : throw ApiException.Invalid("meta.k8s.io", "ListOptions", "",
                    [new("FieldValueInvalid", $"Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax", "resourceVersion")]);
        }
    }
}
