using DalpHa.Lab.Api.Patching;
using DalpHa.Lab.Api.Rbac;
using DalpHa.Lab.Api.Reading;
using DalpHa.Lab.Api.Watching;
using DalpHa.Lab.Api.Writing;

namespace DalpHa.Lab.Api.Serving;

/// <summary>Hands an allowed request for a resource to whoever serves it.</summary>
internal sealed class ResourceDispatcher(
    ObjectReader reader, WatchHandler watches, ObjectWriter writer, ObjectDeleter deleter, PatchHandler patches, SubresourceHandler subresources, AccessReviews reviews)
{
    public async Task DispatchAsync(ApiRequest request, CancellationToken cancellation)
    {
        if (request.Kind.Virtual)
        {
            if (request.Target.Verb != "create")
            {
                throw ApiException.MethodNotAllowed();
            }
            var review = await RequestBody.ReadObjectAsync(request.Http.Request, cancellation);
            await JsonAnswer.WriteAsync(request.Http, 201, reviews.Answer(request, review), cancellation);
            return;
        }
        if (request.Target.Subresource.Length > 0 && await subresources.ServeAsync(request, cancellation))
        {
            return;
        }
        switch (request.Target.Verb)
        {
            case "get":
                await reader.GetAsync(request, cancellation);
                break;
            case "list":
                await reader.ListAsync(request, cancellation);
                break;
            case "watch":
                await watches.WatchAsync(request, cancellation);
                break;
            case "create" when request.Target.Name.Length == 0:
                RequireNamespace(request);
                var sent = await RequestBody.ReadObjectAsync(request.Http.Request, cancellation);
                await ObjectAnswer.WriteAsync(request, 201, writer.Create(request, sent), cancellation);
                break;
            case "update" when request.Target.Name.Length > 0:
                RequireNamespace(request);
                var replacement = await RequestBody.ReadObjectAsync(request.Http.Request, cancellation);
                await ObjectAnswer.WriteAsync(request, 200, writer.Change(request, _ => replacement), cancellation);
                break;
            case "patch" when request.Target.Name.Length > 0:
                RequireNamespace(request);
                await patches.PatchAsync(request, cancellation);
                break;
            case "delete":
                await deleter.DeleteAsync(request, cancellation);
                break;
            case "deletecollection":
                RequireNamespace(request);
                await deleter.DeleteAllAsync(request, cancellation);
                break;
            default:
                throw ApiException.MethodNotAllowed();
        }
    }

    private static void RequireNamespace(ApiRequest request)
    {
        if (request.Kind.Namespaced && request.Namespace is null)
        {
            throw ApiException.MethodNotAllowed();
        }
    }
}
