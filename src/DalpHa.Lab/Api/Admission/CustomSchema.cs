using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Admission;

internal static class CustomSchema
{
    public static void Admit(ResourceKind kind, JsonObject value) { }
}
