using System.Text;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api;
using DalpHa.Lab.Api.Admission;
using DalpHa.Lab.Api.Serving;
using DalpHa.Lab.RealApi;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.CloudNativePg;

/// <summary>Serves a hook to a real kube-apiserver: as a webhook on loopback that the server is told of (admissionregistration.k8s.io/v1).</summary>
internal static class ClusterWebhook
{
    private const string Path = "/validate-postgresql-cnpg-io-v1-cluster";

    /// <returns>The endpoint; disposing it ends it, and writes of the kind are then refused.</returns>
    public static async Task<TlsEndpoint> ServeAsync(ValidatingHook hook, ClusterKeys keys, IKubernetes client, CancellationToken cancellationToken)
    {
        var endpoint = await TlsEndpoint.StartAsync(0, keys, onlyFromWithin: false, context => AnswerAsync(context, hook), cancellationToken);
        var webhook = new V1ValidatingWebhook
        {
            Name = hook.Name,
            AdmissionReviewVersions = ["v1"],
            SideEffects = "None",
            FailurePolicy = "Fail",
            TimeoutSeconds = 5,
            ClientConfig = new Admissionregistrationv1WebhookClientConfig
            {
                Url = new UriBuilder("https", "127.0.0.1", endpoint.Port, Path).Uri.AbsoluteUri,
                CaBundle = Encoding.ASCII.GetBytes(keys.AuthorityPem),
            },
            Rules = [new V1RuleWithOperations { ApiGroups = [hook.Group], ApiVersions = [ClusterDefinition.Version], Resources = [hook.Plural], Operations = ["CREATE", "UPDATE"] }],
        };
        var configuration = new V1ValidatingWebhookConfiguration { Metadata = new V1ObjectMeta { Name = "cnpg-validating-webhook-configuration" }, Webhooks = [webhook] };
        await client.AdmissionregistrationV1.CreateValidatingWebhookConfigurationAsync(configuration, cancellationToken: cancellationToken);
        return endpoint;
    }

    private static async Task AnswerAsync(HttpContext context, ValidatingHook hook)
    {
        var review = (JsonObject)(await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!;
        var request = review.Child("request");
        var refusal = hook.Refuse(request.Text("kind.kind")!, request.Child("object"), request["oldObject"] as JsonObject);
        var response = new JsonObject { ["uid"] = request.Text("uid"), ["allowed"] = refusal is null };
        if (refusal is not null)
        {
            // The server puts the webhook's name before the message itself.
            var status = ApiStatus.Failure(refusal);
            status["message"] = refusal.Message[(refusal.Message.IndexOf("denied the request: ", StringComparison.Ordinal) + "denied the request: ".Length)..];
            response["status"] = status;
        }
        var answer = new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }
}
