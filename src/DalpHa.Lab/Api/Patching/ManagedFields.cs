using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Patching;

internal static class ManagedFields
{
    public enum Operation { Update, Apply }
    public static JsonArray OfCreation(ResourceKind kind, JsonObject value, string manager, string now) => [];
    public static JsonArray AfterUpdate(ResourceKind kind, JsonObject before, JsonObject after, string manager, string subresource, string now) => [];
    public static bool SameOwners(JsonObject a, JsonObject b) => true;
}
