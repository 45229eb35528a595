using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>What makes it safe to send a write again when nobody knows whether it was done.</summary>
internal enum WriteRepeat
{
    /// <summary>Nothing does: it is sent again only when it was certainly not done.</summary>
    Never,
    /// <summary>Done twice it is done once: it says what shall be, not what shall change.</summary>
    SaysWhatShallBe,
    /// <summary>It holds only for one version of the object, or only while there is none, so that the second one is refused.</summary>
    HoldsOnce,
}

/// <summary>A write to the API server.</summary>
/// <param name="Request">Where, and the words for its failure.</param>
/// <param name="Method">POST, PUT or PATCH.</param>
/// <param name="MediaType">What the body is.</param>
/// <param name="Body">The body.</param>
/// <param name="Repeat">Whether it may be sent again.</param>
/// <typeparam name="T">What the answer is read as.</typeparam>
internal sealed record ApiWrite<T>(ApiRequest Request, HttpMethod Method, string MediaType, byte[] Body, WriteRepeat Repeat)
    where T : class
{
    /// <summary>How to read the object again when a write that holds once was refused after one whose answer was lost.</summary>
    public ApiRequest? ReadBack { get; init; }

    /// <summary>Whether that object is what this write would have made of it: then the refused one was our own.</summary>
    public Func<T, bool>? IsOurs { get; init; }

    /// <summary>A new object. There can be only one of its name.</summary>
    public static ApiWrite<T> Create(string apiVersion, string resource, string @namespace, string name, T content, JsonTypeInfo<T> type, Func<T, bool> isOurs) =>
        new(ApiRequest.Create(apiVersion, resource, @namespace), HttpMethod.Post, "application/json", JsonSerializer.SerializeToUtf8Bytes(content, type), WriteRepeat.HoldsOnce)
        {
            ReadBack = ApiRequest.Get(apiVersion, resource, @namespace, name),
            IsOurs = isOurs,
        };

    /// <summary>The replacement of an object whose version the content names.</summary>
    public static ApiWrite<T> Replace(string apiVersion, string resource, string @namespace, string name, T content, JsonTypeInfo<T> type, Func<T, bool> isOurs) =>
        new(ApiRequest.Update(apiVersion, resource, @namespace, name), HttpMethod.Put, "application/json", JsonSerializer.SerializeToUtf8Bytes(content, type), WriteRepeat.HoldsOnce)
        {
            ReadBack = ApiRequest.Get(apiVersion, resource, @namespace, name),
            IsOurs = isOurs,
        };

    /// <summary>A JSON merge patch (RFC 7396).</summary>
    public static ApiWrite<T> Merge(string apiVersion, string resource, string @namespace, string name, System.Text.Json.Nodes.JsonObject patch, WriteRepeat repeat) =>
        new(ApiRequest.Patch(apiVersion, resource, @namespace, name), HttpMethod.Patch, "application/merge-patch+json", System.Text.Encoding.UTF8.GetBytes(patch.ToJsonString()), repeat)
        {
            ReadBack = ApiRequest.Get(apiVersion, resource, @namespace, name),
        };

    /// <summary>The body, for one attempt.</summary>
    public HttpContent ToContent()
    {
        var content = new ByteArrayContent(Body);
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaType);
        return content;
    }
}
