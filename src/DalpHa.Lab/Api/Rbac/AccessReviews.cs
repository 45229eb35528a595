using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Rbac;

/// <summary>Answers authorization.k8s.io/v1 reviews with the evaluator that guards the requests themselves.</summary>
internal sealed class AccessReviews(RbacAuthorizer authorizer)
{
    public JsonObject Answer(ApiRequest request, JsonObject review)
    {
        review["apiVersion"] = request.Kind.GroupVersion;
        review["kind"] = request.Kind.Kind;
        review.Child("metadata").Default("creationTimestamp", null);
        switch (request.Kind.Kind)
        {
            case "SelfSubjectReview":
                review["status"] = new JsonObject
                {
                    ["userInfo"] = new JsonObject { ["username"] = request.User.Name, ["groups"] = Texts(request.User.Groups) },
                };
                break;
            case "SelfSubjectRulesReview":
                review["status"] = Rules(request.User, review.Text("spec.namespace")
                    ?? throw ApiException.BadRequest("no namespace on request"));
                break;
            case "SubjectAccessReview":
                var subject = new ApiUser(review.Text("spec.user") ?? "", [.. review.Strings("spec.groups")]);
                review["status"] = Decision(subject, Wanted(review, request.Kind));
                break;
            default:
                review["status"] = Decision(request.User, Wanted(review, request.Kind));
                break;
        }
        return review;
    }

    private JsonObject Decision(ApiUser user, AccessRequest wanted) => new() { ["allowed"] = authorizer.Allows(user, wanted) };

    private static AccessRequest Wanted(JsonObject review, ResourceKind kind)
    {
        if (review.At("spec.resourceAttributes") is JsonObject resource)
        {
            return new AccessRequest(resource.Text("verb") ?? "", resource.Text("namespace"), resource.Text("group") ?? "", resource.Text("resource") ?? "",
                resource.Text("subresource") ?? "", resource.Text("name") ?? "");
        }
        if (review.At("spec.nonResourceAttributes") is JsonObject path)
        {
            return new AccessRequest(path.Text("verb") ?? "", Path: path.Text("path") ?? "");
        }
        throw ApiException.Invalid(kind.Group, kind.Kind, "", [new("FieldValueInvalid",
            "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified", "spec.resourceAttributes")]);
    }

    private JsonObject Rules(ApiUser user, string @namespace)
    {
        var rules = authorizer.RulesOf(user, @namespace).ToList();
        if (user.Groups.Contains("system:masters"))
        {
            rules.Add(new JsonObject { ["verbs"] = Texts(["*"]), ["apiGroups"] = Texts(["*"]), ["resources"] = Texts(["*"]) });
            rules.Add(new JsonObject { ["verbs"] = Texts(["*"]), ["nonResourceURLs"] = Texts(["*"]) });
        }
        return new JsonObject
        {
            ["resourceRules"] = Those(rules, "resources"),
            ["nonResourceRules"] = Those(rules, "nonResourceURLs"),
            ["incomplete"] = false,
        };
    }

    private static JsonArray Those(IEnumerable<JsonObject> rules, string with) =>
        new([.. rules.Where(rule => rule[with] is JsonArray { Count: > 0 }).Select(rule => rule.DeepClone())]);

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);
}
