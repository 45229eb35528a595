using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Admission;

/// <summary>What the server refuses with 422: names, labels, and the rules of the built-in kinds that operators run into.</summary>
internal static partial class Validation
{
    private const string SubdomainRule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
        + "with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string LabelRule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
        + "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string ValueRule = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string QualifiedRule = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    public static void Check(ResourceKind kind, JsonObject value, JsonObject? before)
    {
        var causes = new List<StatusCause>();
        var metadata = value.Child("metadata");
        var name = metadata.Text("name") ?? "";
        CheckName(kind, name, causes);
        foreach (var (key, label) in metadata["labels"] as JsonObject ?? [])
        {
            if (!LabelValue().IsMatch(label?.ToString() ?? "") || label?.ToString().Length > 63)
            {
                causes.Add(Invalid("metadata.labels", label?.ToString() ?? "", ValueRule));
            }
            if (key.Length == 0 || !Qualified().IsMatch(key))
            {
                causes.Add(Invalid("metadata.labels", key, QualifiedRule));
            }
        }
        foreach (var key in (metadata["annotations"] as JsonObject ?? []).Select(annotation => annotation.Key).Where(key => !Qualified().IsMatch(key.ToLowerInvariant())))
        {
            causes.Add(Invalid("metadata.annotations", key, QualifiedRule));
        }
        foreach (var finalizer in metadata.Strings("finalizers").Where(name => !Qualified().IsMatch(name) || !(kind.Custom || IsOwned(name))))
        {
            causes.Add(Invalid("metadata.finalizers", finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
        }
        CheckOwners(metadata.Items("ownerReferences").ToList(), causes);
        if (before is not null)
        {
            NoNewFinalizers(metadata, before.Child("metadata"), causes);
        }
        if (!kind.Custom)
        {
            KindRules.Check(kind, value, before, causes);
        }
        if (causes.Count > 0)
        {
            throw ApiException.Invalid(kind.Group, kind.Kind, name, causes);
        }
    }

    public static StatusCause Required(string field, string why = "") =>
        new("FieldValueRequired", why.Length == 0 ? "Required value" : $"Required value: {why}", field);

    public static StatusCause Invalid(string field, string value, string why) =>
        new("FieldValueInvalid", $"Invalid value: \"{value}\": {why}", field);

    public static StatusCause InvalidObject(string field, JsonNode? value, string why) =>
        new("FieldValueInvalid", $"Invalid value: {value?.ToJsonString() ?? "null"}: {why}", field);

    private static bool IsOwned(string finalizer) => finalizer is "kubernetes" or "orphan" or "foregroundDeletion" || finalizer.Contains('/', StringComparison.Ordinal);

    private static void CheckOwners(List<JsonObject> owners, List<StatusCause> causes)
    {
        causes.AddRange(owners.SelectMany(owner => new[] { "apiVersion", "kind", "name", "uid" }.Where(name => string.IsNullOrEmpty(owner.Text(name))))
            .Select(name => Invalid($"metadata.ownerReferences.{name}", "", name == "apiVersion" ? "version must not be empty" : $"{name} must not be empty")));
        if (owners.Count(owner => owner.Text("controller") == "true") > 1)
        {
            causes.Add(Invalid("metadata.ownerReferences", "", "Only one reference can have Controller set to true"));
        }
    }

    /// <summary>Refuses a deletion that was not asked for as one; leaving its fields out is no change.</summary>
    public static void CheckDeletion(ResourceKind kind, JsonObject metadata, JsonObject before)
    {
        var causes = new[] { "deletionTimestamp", "deletionGracePeriodSeconds" }
            .Where(name => metadata[name] is { } sent && !SameValue(sent, before[name]))
            .Select(name => Invalid($"metadata.{name}", metadata[name]!.ToString(), "field is immutable")).ToList();
        if (causes.Count > 0)
        {
            throw ApiException.Invalid(kind.Group, kind.Kind, before.Text("name") ?? "", causes);
        }
    }

    // Clients write an instant back with more or fewer digits than they read.
    private static bool SameValue(JsonNode sent, JsonNode? stored) => JsonNode.DeepEquals(sent, stored)
        || (DateTimeOffset.TryParse(sent.ToString(), CultureInfo.InvariantCulture, out var one)
            && DateTimeOffset.TryParse(stored?.ToString(), CultureInfo.InvariantCulture, out var other) && one == other);

    private static void NoNewFinalizers(JsonObject metadata, JsonObject before, List<StatusCause> causes)
    {
        var added = metadata.Strings("finalizers").Except(before.Strings("finalizers")).Select(name => $"\"{name}\"").ToList();
        if (before["deletionTimestamp"] is not null && added.Count > 0)
        {
            causes.Add(new("FieldValueForbidden", "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
                + $"[]string{{{string.Join(", ", added)}}}", "metadata.finalizers"));
        }
    }

    private static void CheckName(ResourceKind kind, string name, List<StatusCause> causes)
    {
        switch (kind.Kind)
        {
            // Roles and their bindings are path segments: system:node is a name there.
            case "Role" or "ClusterRole" or "RoleBinding" or "ClusterRoleBinding":
                if (name is "." or ".." || name.Contains('/', StringComparison.Ordinal) || name.Contains('%', StringComparison.Ordinal))
                {
                    causes.Add(Invalid("metadata.name", name, "may not contain '/' or '%'"));
                }
                break;
            case "Namespace" or "Service":
                if (!Label().IsMatch(name) || name.Length > 63)
                {
                    causes.Add(Invalid("metadata.name", name, LabelRule));
                }
                break;
            default:
                if (!Subdomain().IsMatch(name) || name.Length > 253)
                {
                    causes.Add(Invalid("metadata.name", name, SubdomainRule));
                }
                break;
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex Label();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z")]
    private static partial Regex LabelValue();

    [GeneratedRegex(@"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\z")]
    private static partial Regex Qualified();
}
