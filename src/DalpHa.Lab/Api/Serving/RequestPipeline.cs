using DalpHa.Lab.Api.Rbac;
using DalpHa.Lab.Api.Selection;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>The way of every request: the fault that is on, who asks, whether they may, and then the answer.</summary>
internal sealed class RequestPipeline(
    Action<AuditEntry>? audit, FaultGate faults, Authenticator authenticator, RbacAuthorizer authorizer, ResourceCatalog catalog,
    ResourceDispatcher dispatcher, Discovery discovery, CancellationToken stopping)
{
    public async Task HandleAsync(HttpContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            if (await faults.AdmitAsync(context, ending.Token))
            {
                await AnswerAsync(context, ending.Token);
            }
        }
        catch (ApiException error)
        {
            await ApiStatus.WriteAsync(context, error, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (IOException)
        {
            // The client hung up while it was being answered.
            context.Abort();
        }
    }

    private async Task AnswerAsync(HttpContext context, CancellationToken cancellation)
    {
        var user = authenticator.Identify(context.Request);
        var watch = context.Request.Query["watch"].ToString() is "true" or "1" or "True";
        var target = RequestTarget.Parse(context.Request.Method, context.Request.Path.Value ?? "/", watch);
        audit?.Invoke(new AuditEntry(user.Name, target.Verb, $"{context.Request.Path}{context.Request.QueryString}"));
        if (!target.IsResource)
        {
            if (!authorizer.Allows(user, new AccessRequest(target.Verb, Path: target.Path)))
            {
                throw ApiException.ForbiddenPath(user.Name, target.Verb, target.Path);
            }
            await discovery.AnswerAsync(context, cancellation);
            return;
        }
        Authorize(user, target, context.Request.Query["fieldSelector"]);
        var kind = catalog.Find(target.Group, target.Version, target.Resource) ?? throw ApiException.NoSuchPath();
        await dispatcher.DispatchAsync(new ApiRequest(context, target, kind, user), cancellation);
    }

    private void Authorize(ApiUser user, RequestTarget target, string? fieldSelector)
    {
        // A list or a watch of one name is allowed like a read of that object.
        var about = target.Verb is "list" or "watch" ? FieldSelector.NameIn(fieldSelector) : target.Name;
        var wanted = new AccessRequest(target.Verb, target.Namespace, target.Group, target.Resource, target.Subresource, about);
        if (!authorizer.Allows(user, wanted))
        {
            var scope = target.Namespace is { } name ? $"in the namespace \"{name}\"" : "at the cluster scope";
            throw ApiException.Forbidden(target.Group, target.Resource, about,
                $"User \"{user.Name}\" cannot {target.Verb} resource \"{wanted.Full}\" in API group \"{target.Group}\" {scope}");
        }
    }
}
