using System.Text;
using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Webhooks;

/// <summary>Sends a text to somebody's webhook. Its address may itself be a secret, so only the host is ever told.</summary>
internal static class Webhook
{
    // A redirect would carry the message to an address that the runbook does not name.
    private static readonly HttpClient Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) });

    public static async Task PostAsync(Uri address, string json, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        try
        {
            // Its status is all that counts: a body without end keeps nobody waiting.
            using var answer = await Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode)
            {
                throw Failed(address, $"it answered {(int)answer.StatusCode}", null);
            }
        }
        catch (HttpRequestException exception)
        {
            throw Failed(address, exception.HttpRequestError.ToString(), exception);
        }
    }

    private static DalpException Failed(Uri address, string why, Exception? inner) => new(
        "WebhookFailed",
        FaultKind.Unreachable,
        $"The webhook at {address.Host} did not take the message: {why}.",
        "Tell its readers by the runbook's communication path; correct notifications[].webhook.",
        address.Host,
        inner);
}
