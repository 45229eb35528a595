using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// A write to the API server that may be sent again when nobody knows whether it was done: it says what shall be and not what shall change, or it holds for
/// one version of the object, or only while there is none. There is no other kind.
/// </summary>
/// <param name="Request">Where, and the words for its failure.</param>
/// <param name="Method">POST, PUT or PATCH.</param>
/// <param name="MediaType">What the body is.</param>
/// <param name="Body">The body.</param>
/// <typeparam name="T">What the answer is read as.</typeparam>
internal sealed record ApiWrite<T>(ApiRequest Request, HttpMethod Method, string MediaType, byte[] Body)
    where T : class
{
    /// <summary>How to read the object again when a write was refused as too late after one whose answer was lost.</summary>
    public ApiRequest? ReadBack { get; init; }

    /// <summary>Whether that object is what this write would have made of it: then the refused one was our own.</summary>
    public Func<T, bool>? IsOurs { get; init; }

    /// <summary>A new object. There can be only one of its name.</summary>
    public static ApiWrite<T> Create(string apiVersion, string resource, string @namespace, string name, T content, JsonTypeInfo<T> type, Func<T, bool> isOurs) =>
        new(ApiRequest.Create(apiVersion, resource, @namespace), HttpMethod.Post, "application/json", JsonSerializer.SerializeToUtf8Bytes(content, type))
        {
            ReadBack = ApiRequest.Get(apiVersion, resource, @namespace, name),
            IsOurs = isOurs,
        };

    /// <summary>The replacement of an object whose version the content names.</summary>
    public static ApiWrite<T> Replace(string apiVersion, string resource, string @namespace, string name, T content, JsonTypeInfo<T> type, Func<T, bool> isOurs) =>
        new(ApiRequest.Update(apiVersion, resource, @namespace, name), HttpMethod.Put, "application/json", JsonSerializer.SerializeToUtf8Bytes(content, type))
        {
            ReadBack = ApiRequest.Get(apiVersion, resource, @namespace, name),
            IsOurs = isOurs,
        };

    /// <summary>A JSON merge patch (RFC 7396): of values that hold whatever stood there, or with the version that it rests on in <c>metadata.resourceVersion</c>.</summary>
    public static ApiWrite<T> Merge(string apiVersion, string resource, string @namespace, string name, JsonObject patch) =>
        new(ApiRequest.Patch(apiVersion, resource, @namespace, name), HttpMethod.Patch, "application/merge-patch+json", Encoding.UTF8.GetBytes(patch.ToJsonString()))
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
