using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Tests.LabApi;

/// <summary>One answer: its code and its JSON.</summary>
public sealed record Answer(HttpStatusCode Code, JsonNode Body, HttpResponseHeaders Headers)
{
    public JsonNode? this[string path] => path.Split('.').Aggregate((JsonNode?)Body, (node, part) =>
        node is JsonArray list ? list[int.Parse(part, null)] : node?[part]);

    public string Text(string path) => this[path]?.ToString() ?? "";

    public Answer Expect(int code)
    {
        Assert.True((int)Code == code, $"expected {code}, got {(int)Code}: {Body.ToJsonString()}");
        return this;
    }

    /// <summary>A Status with this code and reason.</summary>
    public Answer Refused(int code, string reason)
    {
        Expect(code);
        Assert.Equal("Status", Text("kind"));
        Assert.Equal("Failure", Text("status"));
        Assert.Equal(reason, Text("reason"));
        Assert.Equal(code.ToString(null, null), Text("code"));
        return this;
    }
}

/// <summary>Plain HTTP to an API server whose authority is trusted and nobody else's.</summary>
public sealed class ApiClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly X509Certificate2 _authority;

    public ApiClient(IApiServerUnderTest server, string? token)
    {
        _authority = X509Certificate2.CreateFromPem(server.AuthorityPem);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { _authority },
        };
        _http = new HttpClient(handler) { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(30) };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("conformance/1");
    }

    public Task<Answer> Get(string path, string? accept = null) => Send(HttpMethod.Get, path, accept: accept);

    public Task<Answer> Post(string path, JsonNode body) => Send(HttpMethod.Post, path, body.ToJsonString());

    public Task<Answer> Put(string path, JsonNode body) => Send(HttpMethod.Put, path, body.ToJsonString());

    public Task<Answer> Delete(string path, JsonNode? body = null) => Send(HttpMethod.Delete, path, body?.ToJsonString());

    public Task<Answer> Patch(string path, string type, string body) => Send(HttpMethod.Patch, path, body, $"application/{type}");

    public async Task<Answer> Send(HttpMethod method, string path, string? body = null, string type = "application/json", string? accept = null)
    {
        using var request = Request(method, path, accept);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new(type);
        }
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer(response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)! : JsonValue.Create(text), response.Headers);
    }

    /// <summary>Reads a watch's events until enough came or the server ends it.</summary>
    public async Task<List<JsonNode>> Watch(string path, int count = int.MaxValue, Func<Task>? meanwhile = null, string? accept = null)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(TimeSpan.FromSeconds(20));
        using var request = Request(HttpMethod.Get, path, accept);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, bound.Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(bound.Token));
        if (meanwhile is not null)
        {
            await meanwhile();
        }
        var events = new List<JsonNode>();
        while (events.Count < count && await reader.ReadLineAsync(bound.Token) is { } line)
        {
            events.Add(JsonNode.Parse(line)!);
        }
        return events;
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string? accept)
    {
        var request = new HttpRequestMessage(method, path);
        if (accept is not null)
        {
            request.Headers.Accept.ParseAdd(accept);
        }
        return request;
    }

    public void Dispose()
    {
        _http.Dispose();
        _authority.Dispose();
    }
}
