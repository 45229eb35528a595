using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Admission;

/// <summary>Who judges writes of one kind from outside the server, as a validating webhook does.</summary>
/// <param name="Name">Its name, which a refusal tells.</param>
/// <param name="Group">The kind's group.</param>
/// <param name="Plural">The kind's plural.</param>
/// <param name="Judge">What is wrong with an object that is to be written over another, or over none.</param>
internal sealed record ValidatingHook(string Name, string Group, string Plural, Func<JsonObject, JsonObject?, IReadOnlyList<StatusCause>> Judge)
{
    /// <summary>The refusal of a write, in the words in which a server tells a webhook's; null when it is let through.</summary>
    public ApiException? Refuse(string kind, JsonObject value, JsonObject? before)
    {
        var causes = Judge(value, before);
        if (causes.Count == 0)
        {
            return null;
        }
        var refusal = ApiException.Invalid(Group, kind, value.Text("metadata.name") ?? "", causes);
        return new ApiException(refusal.Code, refusal.Reason, $"admission webhook \"{Name}\" denied the request: {refusal.Message}", refusal.Details);
    }
}
