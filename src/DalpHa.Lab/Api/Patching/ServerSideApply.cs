using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Patching;

internal static class ServerSideApply
{
    public static JsonObject Create(ApiRequest request, JsonObject applied) => applied;
    public static JsonObject Apply(ApiRequest request, JsonObject live, JsonObject applied) => MergePatch.Apply(live, applied).AsObject();
}
