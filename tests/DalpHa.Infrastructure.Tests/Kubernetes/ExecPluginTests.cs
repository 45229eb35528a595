using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using DalpHa.Core.Errors;
using DalpHa.Core.Ports;

namespace DalpHa.Infrastructure.Tests.Kubernetes;

/// <summary>Credential plugins, good and bad. Each is a small shell script.</summary>
public sealed class ExecPluginTests : IDisposable
{
    private const string V1 = "client.authentication.k8s.io/v1";

    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-plugin-").FullName;

    public ExecPluginTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The plugins of these tests are shell scripts");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(V1)]
    [InlineData("client.authentication.k8s.io/v1beta1")]
    public async Task Token_of_the_plugin_is_sent_and_it_runs_once(string version)
    {
        await using var server = await StartAsync();
        await using var cluster = Open(server, $"""echo run >> "{folder}/runs"; {Print("good", version: version)}""", version: version);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cluster.ListPodsAsync("ns", Token)));
        Assert.All(server.Logins, login => Assert.Equal("Bearer good", login));
        Assert.Single(Runs());
    }

    [Fact]
    public async Task Plugin_gets_its_arguments_environment_and_the_cluster()
    {
        await using var server = await StartAsync();
        await using var cluster = Open(
            server,
            $"""printf '%s' "$KUBERNETES_EXEC_INFO" > "{folder}/info"; printf '%s' "$REGION/$1/$2" > "{folder}/given"; cat > "{folder}/stdin"; {Print("good")}""",
            "args: [get-token, 'a b'], env: [{name: REGION, value: eu}], provideClusterInfo: true");
        await cluster.ListPodsAsync("ns", Token);
        Assert.Equal("eu/get-token/a b", File.ReadAllText(Path.Combine(folder, "given")));
        Assert.Empty(File.ReadAllText(Path.Combine(folder, "stdin")));
        using var info = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "info")));
        Assert.Equal((V1, "ExecCredential"), (info.RootElement.GetProperty("apiVersion").GetString(), info.RootElement.GetProperty("kind").GetString()));
        var spec = info.RootElement.GetProperty("spec");
        Assert.False(spec.GetProperty("interactive").GetBoolean());
        Assert.Equal(server.Address, new Uri(spec.GetProperty("cluster").GetProperty("server").GetString()!));
        Assert.NotEmpty(spec.GetProperty("cluster").GetProperty("certificate-authority-data").GetBytesFromBase64());
    }

    [Fact]
    public async Task Client_certificate_of_the_plugin_is_shown()
    {
        var shown = "";
        await using var server = await HostileServer.StartAsync((c, _) =>
        {
            shown = c.Connection.ClientCertificate?.Subject;
            return HostileServer.PodsAsync(c, null);
        });
        using var certificate = TestCertificates.Leaf("operator");
        var status = JsonSerializer.Serialize(new { clientCertificateData = certificate.ExportCertificatePem(), clientKeyData = TestCertificates.PrivateKeyPem(certificate) });
        File.WriteAllText(Path.Combine(folder, "credential"), $$"""{"kind":"ExecCredential","apiVersion":"{{V1}}","status":{{status}}}""");
        await using var cluster = Open(server, $"cat '{folder}/credential'");
        await cluster.ListPodsAsync("ns", Token);
        Assert.Equal("CN=operator", shown);
    }

    [Fact]
    public async Task Refused_token_is_renewed_once()
    {
        await using var server = await StartAsync("Bearer run-2");
        await using var cluster = Open(server, $$"""echo run >> "{{folder}}/runs"; N=$(wc -l < "{{folder}}/runs" | tr -d ' '); {{Print("run-$N")}}""");
        Assert.Single(await cluster.ListPodsAsync("ns", Token));
        Assert.Equal(["Bearer run-1", "Bearer run-2"], server.Logins);
    }

    [Fact]
    public async Task Token_refused_again_is_told()
    {
        await using var server = await StartAsync("Bearer nothing-helps");
        await using var cluster = Open(server, $"""echo run >> "{folder}/runs"; {Print("stale")}""");
        await FailsAsync(cluster, "ApiUnauthorized");
        Assert.Equal(2, Runs().Length);
    }

    [Fact]
    public async Task Expired_token_is_renewed_before_it_is_used_again()
    {
        await using var server = await StartAsync();
        await using var cluster = Open(server, $"""echo run >> "{folder}/runs"; {Print("good", "2020-01-01T00:00:00Z")}""");
        await cluster.ListPodsAsync("ns", Token);
        await cluster.ListPodsAsync("ns", Token);
        Assert.Equal(2, Runs().Length);
        File.Delete(Path.Combine(folder, "runs"));
        await using var lasting = Open(server, $"""echo run >> "{folder}/runs"; {Print("good", "2099-01-01T00:00:00.123456789Z")}""");
        await lasting.ListPodsAsync("ns", Token);
        await lasting.ListPodsAsync("ns", Token);
        Assert.Single(Runs());
    }

    [Fact]
    public async Task Clock_that_takes_each_new_token_for_expired_costs_one_run_for_all_that_wait()
    {
        await using var server = await StartAsync();
        await using var cluster = Open(server, $"""echo run >> "{folder}/runs"; sleep 0.2; {Print("good", "2020-01-01T00:00:00Z")}""");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cluster.ListPodsAsync("ns", Token)));
        Assert.Single(Runs());
    }

    [Fact]
    public async Task Token_that_ends_between_two_pages_is_renewed_once_for_all()
    {
        await using var server = await HostileServer.StartAsync((c, _) => (c.Request.Headers.Authorization.ToString(), c.Request.Query.ContainsKey("continue")) switch
        {
            (_, false) => HostileServer.PodsAsync(c, "next", "a"),
            ("Bearer run-2", true) => HostileServer.PodsAsync(c, null, "b"),
            _ => HostileServer.FailAsync(c, 401),
        });
        await using var cluster = Open(server, $$"""echo run >> "{{folder}}/runs"; N=$(wc -l < "{{folder}}/runs" | tr -d ' '); {{Print("run-$N")}}""");
        var lists = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cluster.ListPodsAsync("ns", Token)));
        Assert.All(lists, pods => Assert.Equal(["a", "b"], pods.Select(p => p.Name)));
        Assert.Equal(2, Runs().Length);
    }

    [Fact]
    public async Task Plugin_that_works_again_is_asked_again()
    {
        await using var server = await StartAsync();
        await using var cluster = Open(server, $"""test -f "{folder}/logged-in" || exit 1; {Print("good")}""", seconds: 1);
        await FailsAsync(cluster, "CredentialPluginFailed");
        File.WriteAllText(Path.Combine(folder, "logged-in"), "");
        await Task.Delay(1100, Token);
        Assert.Single(await cluster.ListPodsAsync("ns", Token));
    }

    [Fact]
    public async Task Slow_plugin_is_killed_with_what_it_started_and_costs_one_timeout()
    {
        await using var server = await StartAsync();
        await using var cluster = Open(server, $"""echo waiting for a browser >&2; sleep 300 & echo $! > "{folder}/child"; wait""", seconds: 2);
        var clock = Stopwatch.StartNew();
        var failures = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => FailsAsync(cluster, "CredentialPluginTimedOut")));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(12), clock.Elapsed.ToString());
        Assert.All(failures, f => Assert.Contains("waiting for a browser", f.Message, StringComparison.Ordinal));
        await IsGoneAsync(int.Parse(File.ReadAllText(Path.Combine(folder, "child")), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Cancelling_kills_the_plugin()
    {
        await using var server = await StartAsync();
        await using var cluster = Open(server, $"""echo $$ > "{folder}/self"; exec sleep 300""", seconds: 60);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var reading = cluster.ListPodsAsync("ns", cancel.Token);
        var self = Path.Combine(folder, "self");
        for (var waited = 0; waited < 200 && !(File.Exists(self) && File.ReadAllText(self).Length > 0); waited++)
        {
            await Task.Delay(25, Token);
        }
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await IsGoneAsync(int.Parse(File.ReadAllText(self), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Failing_plugin_is_told_with_its_last_words_but_no_token()
    {
        await using var server = await StartAsync();
        await using var cluster = Open(server, """for i in $(seq 200); do echo "noise $i" >&2; done; echo "session expired, run login; had eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln and Bearer canary-token" >&2; exit 3""");
        var failure = await FailsAsync(cluster, "CredentialPluginFailed");
        Assert.Contains("exit code 3", failure.Message, StringComparison.Ordinal);
        Assert.Contains("session expired, run login", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("noise 10 ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJhbGci", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary-token", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo canary-token")]
    [InlineData("true")]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{}}'")]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"status\":{\"token\":\"canary-token\"}}'")]
    [InlineData("echo '{\"kind\":\"Other\",\"status\":{\"token\":\"canary-token\"}}'")]
    [InlineData("echo '{\"kind\":\"canary-token\",\"apiVersion\":\"canary-token\"}'")]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/canary-token\"}'")]
    [InlineData("echo 'got canary-token'; echo 'debug: got canary-token' >&2")]
    [InlineData("echo canary-token; echo 'the login failed with canary-token' >&2; exit 1")]
    public async Task Output_that_is_no_credential_is_told_without_it(string script)
    {
        await using var server = await StartAsync();
        await using var cluster = Open(server, script);
        Assert.DoesNotContain("canary-token", (await FailsAsync(cluster, "CredentialPluginFailed")).ToString(), StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("exit 1", "CredentialPluginFailed")]
    [InlineData("sleep 300", "CredentialPluginTimedOut")]
    public async Task Token_of_stdout_is_taken_out_of_the_last_words_and_the_rest_stays(string end, string errorId)
    {
        await using var server = await StartAsync();
        await using var cluster = Open(server, $"""{Print("s3cret/canary+token==")}; echo "ExecCredential {V1}: got token s3cret/canary+token==, session expired" >&2; {end}""", seconds: 2);
        var failure = await FailsAsync(cluster, errorId);
        Assert.Contains($"ExecCredential {V1}: got token ***, session expired", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 1", "CredentialPluginFailed")]
    [InlineData("sleep 300", "CredentialPluginTimedOut")]
    public async Task Token_longer_than_a_line_that_is_shown_is_taken_out_whole(string end, string errorId)
    {
        await using var server = await StartAsync();
        var token = Opaque(1500);
        await using var cluster = Open(server, $"{Print(token)}; echo 'got token {token}, session expired' >&2; {end}", seconds: 2);
        Assert.Contains("got token ***, session expired", (await FailsAsync(cluster, errorId)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_of_the_last_words_is_shortened()
    {
        await using var server = await StartAsync();
        await using var cluster = Open(server, $"echo '{string.Concat(Enumerable.Repeat("very sorry ", 100))}' >&2; exit 1");
        var failure = await FailsAsync(cluster, "CredentialPluginFailed");
        Assert.EndsWith("very sorry ver…", failure.Message, StringComparison.Ordinal);
        Assert.InRange(failure.Message.Split("sorry").Length, 20, 40);
    }

    [Theory]
    [InlineData("printf '%s ' noise; cat token; echo; echo session expired")]
    [InlineData("echo session expired; printf '%s ' got; cut -c 1-400 token | tr -d '\\n'; sleep 300")]
    public async Task Piece_of_a_token_is_not_shown(string stderr)
    {
        await using var server = await StartAsync();
        var token = Opaque(100_000);
        File.WriteAllText(Path.Combine(folder, "token"), token);
        await using var cluster = Open(server, $"cd '{folder}'; printf '\042'; cat token; printf '\042'; ({stderr}) >&2; exit 1", seconds: 2);
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.ListPodsAsync("ns", Token));
        Assert.EndsWith("Its last words: session expired.", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cat key")]
    [InlineData("grep -v -e ----- key")]
    [InlineData("cat credential")]
    public async Task Private_key_of_several_lines_is_taken_out_of_the_last_words(string stderr)
    {
        await using var server = await StartAsync();
        using var key = RSA.Create(2048);
        var pem = key.ExportPkcs8PrivateKeyPem();
        File.WriteAllText(Path.Combine(folder, "key"), pem + "\n");
        File.WriteAllText(Path.Combine(folder, "credential"), JsonSerializer.Serialize(new { kind = "ExecCredential", apiVersion = V1, status = new { clientKeyData = pem } }));
        await using var cluster = Open(server, $"cd '{folder}'; cat credential; ({stderr}; echo; echo session expired) >&2; exit 1");
        var failure = await FailsAsync(cluster, "CredentialPluginFailed");
        Assert.EndsWith("*** | session expired.", failure.Message.Replace("***\"}}", "***", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.All(pem.Split('\n')[1..^1], line => Assert.DoesNotContain(line[..12], failure.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Token_that_json_escapes_is_taken_out_of_the_last_words()
    {
        await using var server = await StartAsync();
        File.WriteAllText(Path.Combine(folder, "credential"), @"{""status"":{""token"":""s3cret\u002Bcanary\/token""}}");
        await using var cluster = Open(server, $"cat '{folder}/credential'; echo 'got s3cret+canary/token' >&2; exit 1");
        Assert.EndsWith("Its last words: got ***", (await FailsAsync(cluster, "CredentialPluginFailed")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plugin_that_is_not_installed_is_told_with_its_hint()
    {
        await using var server = await StartAsync();
        var kubeconfig = server.WriteKubeconfig($"{{exec: {{apiVersion: {V1}, command: dalpha-no-such-plugin, installHint: 'Get it from the intranet.'}} }}");
        await using var cluster = server.Open(kubeconfig: kubeconfig);
        Assert.Equal("Get it from the intranet.", (await FailsAsync(cluster, "CredentialPluginFailed")).RecommendedAction);
    }

    [Fact]
    public async Task Token_file_is_read_again_when_its_token_is_refused()
    {
        await using var server = await StartAsync("Bearer new");
        var file = Path.Combine(folder, "token");
        File.WriteAllText(file, "old\n");
        await using var cluster = server.Open(kubeconfig: server.WriteKubeconfig($"{{tokenFile: {file}, token: ignored}}"));
        await FailsAsync(cluster, "ApiUnauthorized");
        File.WriteAllText(file, "new\n");
        Assert.Single(await cluster.ListPodsAsync("ns", Token));
    }

    [Fact]
    public async Task Impersonation_is_sent()
    {
        var user = "";
        await using var server = await HostileServer.StartAsync((c, _) =>
        {
            user = $"{c.Request.Headers["Impersonate-User"]} {c.Request.Headers["Impersonate-Group"]} {c.Request.Headers["Impersonate-Extra-reason"]}";
            return HostileServer.PodsAsync(c, null);
        });
        await using var cluster = server.Open(kubeconfig: server.WriteKubeconfig("{token: t, as: jane, as-groups: [ops], as-user-extra: {reason: [drill]} }"));
        await cluster.ListPodsAsync("ns", Token);
        Assert.Equal("jane ops drill", user);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // A server that takes one login, or any.
    private static Task<HostileServer> StartAsync(string? login = null) => HostileServer.StartAsync((c, _) =>
        login is null || c.Request.Headers.Authorization == login ? HostileServer.PodsAsync(c, null, "a") : HostileServer.FailAsync(c, 401));

    private static string Print(string token, string? expires = null, string version = V1)
    {
        var expiry = expires is null ? "" : $",\\\"expirationTimestamp\\\":\\\"{expires}\\\"";
        return $"echo \"{{\\\"kind\\\":\\\"ExecCredential\\\",\\\"apiVersion\\\":\\\"{version}\\\",\\\"status\\\":{{\\\"token\\\":\\\"{token}\\\"{expiry}}}}}\"";
    }

    private ICluster Open(HostileServer server, string script, string settings = "args: []", double seconds = 5, string version = V1)
    {
        var path = Path.Combine(folder, Path.GetRandomFileName());
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        return server.Open(seconds, server.WriteKubeconfig($"{{exec: {{apiVersion: {version}, command: {path}, {settings}}} }}"));
    }

    // A token without any form by which it could be known.
    private static string Opaque(int length) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(length / 2));

    private string[] Runs() => File.ReadAllLines(Path.Combine(folder, "runs"));

    private static async Task<DalpException> FailsAsync(ICluster cluster, string errorId)
    {
        var failure = await Assert.ThrowsAsync<DalpException>(() => cluster.ListPodsAsync("ns", Token));
        Assert.True(failure.ErrorId == errorId, failure.ToString());
        return failure;
    }

    private static async Task IsGoneAsync(int id)
    {
        for (var waited = 0; waited < 100; waited++)
        {
            try
            {
                using var process = Process.GetProcessById(id);
                if (process.HasExited)
                {
                    return;
                }
            }
            catch (ArgumentException)
            {
                return;
            }
            await Task.Delay(50, Token);
        }
        Assert.Fail($"Process {id} still runs");
    }
}
