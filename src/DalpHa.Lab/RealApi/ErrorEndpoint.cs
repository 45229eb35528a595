using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.RealApi;

/// <summary>Answers every request with an internal error, as a kube-apiserver does that has lost something that it needs.</summary>
internal sealed class ErrorEndpoint : IAsyncDisposable
{
    private readonly TlsEndpoint endpoint;

    private ErrorEndpoint(TlsEndpoint endpoint)
    {
        this.endpoint = endpoint;
    }

    public static async Task<ErrorEndpoint> StartAsync(int port, ClusterKeys keys, CancellationToken cancellationToken) => new(await TlsEndpoint.StartAsync(
        port, keys, onlyFromWithin: false, context => ApiStatus.WriteAsync(context, ApiException.Broken(500), context.RequestAborted), cancellationToken));

    public ValueTask DisposeAsync() => endpoint.DisposeAsync();
}
