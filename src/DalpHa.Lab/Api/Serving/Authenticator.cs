using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>Tells who asks, by the bearer token. Without a token one is anonymous, as on the real server; RBAC decides what that is worth.</summary>
internal sealed class Authenticator(ApiServerOptions options)
{
    private static readonly ApiUser Anonymous = new("system:anonymous", ["system:unauthenticated"]);

    public ApiUser Identify(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        const string scheme = "Bearer ";
        if (!header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return Anonymous;
        }
        var token = header[scheme.Length..].Trim();
        if (!options.Users.TryGetValue(token, out var user) || user.ExpiresAt <= options.Time.GetUtcNow())
        {
            throw ApiException.Unauthorized();
        }
        return user with { Groups = [.. user.Groups, "system:authenticated"] };
    }
}
