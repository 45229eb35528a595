using System.Collections;
using System.Management.Automation;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DalpHa.Module.Tests.Contract;

namespace DalpHa.Module.Tests.Operator;

/// <summary>No secret leaves: whatever the cmdlets say on any stream, throw or write down holds none of the values that the clusters and databases keep.</summary>
[Collection(nameof(LabCollection))]
public sealed class CanaryTests(LabSession session) : IDisposable
{
    private const string Canary = "canary-4f1d9c70b2";
    private readonly Workplace workplace = new(session);

    /// <summary>Every cmdlet that only looks.</summary>
    public static TheoryData<string> Looking => OutputTests.Looking;

    public void Dispose() => workplace.Dispose();

    [Theory]
    [MemberData(nameof(Looking))]
    public async Task No_secret_of_the_lab_is_told(string command)
    {
        var said = string.Concat(Workplace.Examples(command).Select(example => Everything(workplace.Prepare(example))));
        Assert.NotEmpty(said);
        AssertAbsent(await SecretsAsync(), said);
    }

    [Fact]
    public async Task No_secret_is_told_while_secrets_differ_and_are_missing()
    {
        session.Script("Invoke-DalpLabFault DifferentSecret; Invoke-DalpLabFault MissingSecret -Site Active");
        try
        {
            var said = Everything("Test-DalpStandby -Topology $topology; Test-DalpStandby -Topology $topology -Summary");
            Assert.Contains("RequiredSecrets", said, StringComparison.Ordinal);
            AssertAbsent(await SecretsAsync(), said);
        }
        finally
        {
            session.Script("Invoke-DalpLabFault DifferentSecret -Undo; Invoke-DalpLabFault MissingSecret -Site Active -Undo");
        }
    }

    [Theory]
    [InlineData("Get-DalpReplicationLag -Topology $topology -DatabaseCredential $credential")]
    [InlineData("Watch-DalpReplicationLag -Topology $topology -DatabaseCredential $credential -Count 1")]
    [InlineData("Test-DalpStandby -Topology $topology -DatabaseCredential $credential")]
    public void A_wrong_password_is_not_told(string script)
    {
        using var password = new System.Security.SecureString();
        foreach (var character in Canary)
        {
            password.AppendChar(character);
        }
        var said = Everything(script, ("credential", new PSCredential("dalpha", password)));
        Assert.Contains("dalpha", said, StringComparison.Ordinal);
        AssertAbsent([Canary], said);
    }

    [Theory]
    [InlineData("{ token: " + Canary + " }")]
    [InlineData("{ username: dalpha, password: " + Canary + " }")]
    public void A_refused_login_of_a_kubeconfig_is_not_told(string user)
    {
        var topology = WriteTopology(user);
        var said = Everything($"Test-DalpStandby -Topology '{topology}'; Test-DalpTopology '{topology}' -Online");
        Assert.Contains("refused", said, StringComparison.Ordinal);
        AssertAbsent([Canary], said);
    }

    // A plugin's stdout is the credential. Its stderr is shown, since only there it says what it wants; what stands on both is taken for the credential.
    [Theory]
    [InlineData("echo " + Canary)]
    [InlineData("echo " + Canary + "; exit 1")]
    [InlineData("echo " + Canary + "; echo got " + Canary + " >&2; exit 1")]
    [InlineData("echo '{\"kind\":\"" + Canary + "\",\"apiVersion\":\"" + Canary + "\"}'; echo got " + Canary + " >&2")]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"" + Canary + "\"}}'; echo got " + Canary + " >&2; exit 1")]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"" + Canary + "\"}}'; echo got " + Canary + " >&2; sleep 300")]
    public void What_a_credential_plugin_prints_is_not_told(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The plugin is a shell script.");
        var plugin = Path.Combine(workplace.Folder, "plugin");
        File.WriteAllText(plugin, $"#!/bin/sh\necho this is the plugin >&2\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(plugin, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        var topology = WriteTopology($"{{ exec: {{ apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin }} }}");
        var said = Everything($"Test-DalpStandby -Topology '{topology}' -TimeoutSeconds 2; Test-DalpTopology '{topology}' -Online -TimeoutSeconds 2; Get-DalpFailover -Topology '{topology}' -TimeoutSeconds 2");
        Assert.Contains("this is the plugin", said, StringComparison.Ordinal);
        AssertAbsent([Canary], said);
    }

    [Fact]
    public async Task No_secret_is_written_down()
    {
        session.Script("Test-DalpStandby -Topology $topology; Get-DalpReplicationLag -Topology $topology");
        // The lab hands its logins out in three files of its owner, and its databases keep their own.
        string[] keepers = ["kubeconfig", "pgpass"];
        var written = Directory.EnumerateFiles(LabSession.State, "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}databases{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Where(file => !keepers.Contains(Path.GetFileName(file)) && Path.GetDirectoryName(file) != Path.Combine(LabSession.State, "labs"))
            .ToList();
        Assert.Contains(written, file => Path.GetFileName(file) == "lab.log");
        Assert.Contains(written, file => file.Contains("replication", StringComparison.OrdinalIgnoreCase));
        AssertAbsent(await SecretsAsync(), string.Join('\n', written.Select(Read)));
    }

    // A topology that logs in to the lab's cluster as that user.
    private string WriteTopology(string user)
    {
        var server = LabAccess.Of(session)[0].Server;
        File.WriteAllText(Path.Combine(workplace.Folder, "kubeconfig"), $$"""
            clusters: [{ name: c, cluster: { server: "{{server}}", insecure-skip-tls-verify: true } }]
            users: [{ name: u, user: {{user}} }]
            contexts: [{ name: a, context: { cluster: c, user: u } }, { name: b, context: { cluster: c, user: u } }]
            """);
        var topology = Path.Combine(workplace.Folder, "refused.yaml");
        File.WriteAllText(topology, """
            apiVersion: dalpha/v1
            name: refused
            sites:
              active: { name: a, context: a, kubeconfig: ./kubeconfig, namespace: dalp }
              standby: { name: b, context: b, kubeconfig: ./kubeconfig, namespace: other }
            """);
        return topology;
    }

    private static void AssertAbsent(IEnumerable<string> secrets, string text)
    {
        var forms = secrets.SelectMany(secret => new[] { secret, Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)) }).ToList();
        Assert.NotEmpty(forms);
        Assert.All(forms, form => Assert.DoesNotContain(form, text, StringComparison.Ordinal));
    }

    private async Task<IReadOnlyList<string>> SecretsAsync()
    {
        // What people choose as a user name or a host is no secret, and too short to look for.
        var secrets = new HashSet<string>(StringComparer.Ordinal);
        using var client = LabAccess.Client();
        foreach (var site in LabAccess.Of(session))
        {
            secrets.Add(site.OperatorToken);
            secrets.Add(site.AdminToken);
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(site.Server, "api/v1/namespaces/dalp/secrets"));
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", site.AdminToken);
            using var answer = await client.SendAsync(request);
            using var list = JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync());
            foreach (var data in list.RootElement.GetProperty("items").EnumerateArray().Select(secret => secret.GetProperty("data")))
            {
                secrets.UnionWith(data.EnumerateObject().Select(value => Encoding.UTF8.GetString(value.Value.GetBytesFromBase64())));
            }
        }
        secrets.RemoveWhere(secret => secret.Length < 16);
        Assert.True(secrets.Count > 8, $"{secrets.Count} secrets were found.");
        return [.. secrets];
    }

    // Every stream, with all that can be read of each record.
    private string Everything(string script, params (string Name, object Value)[] variables)
    {
        var text = new StringBuilder();
        using var shell = session.Module.Shell();
        shell.Runspace.SessionStateProxy.SetVariable("topology", session.Topology);
        foreach (var (name, value) in variables)
        {
            shell.Runspace.SessionStateProxy.SetVariable(name, value);
        }
        shell.AddScript($"& {{ $VerbosePreference = $DebugPreference = $InformationPreference = $WarningPreference = 'Continue'\n{script}\n}}");
        try
        {
            foreach (var item in shell.Invoke())
            {
                Write(item?.BaseObject, 0);
            }
        }
        catch (RuntimeException exception)
        {
            WriteError(exception.ErrorRecord);
        }
        var streams = shell.Streams;
        foreach (var record in new IEnumerable[] { streams.Verbose, streams.Debug, streams.Information, streams.Warning, streams.Progress }.SelectMany(stream => stream.Cast<object>()))
        {
            Write(record, 0);
        }
        foreach (var error in streams.Error)
        {
            WriteError(error);
        }
        return text.ToString();

        void WriteError(ErrorRecord error)
        {
            text.AppendLine(error.ToString()).AppendLine(error.Exception.ToString()).AppendLine(error.ErrorDetails?.Message).AppendLine(error.ErrorDetails?.RecommendedAction).AppendLine(error.CategoryInfo.ToString());
            Write(error.TargetObject, 0);
            for (var inner = error.Exception; inner is not null; inner = inner.InnerException)
            {
                foreach (DictionaryEntry entry in inner.Data)
                {
                    text.AppendLine($"{entry.Key}={entry.Value}");
                }
            }
        }

        void Write(object? value, int depth)
        {
            text.AppendLine($"{value}");
            if (value is null or string or ValueType || depth > 4)
            {
                return;
            }
            if (value is IEnumerable items)
            {
                foreach (var item in items)
                {
                    Write(item, depth + 1);
                }
                return;
            }
            foreach (var property in PSObject.AsPSObject(value).Properties.Where(property => property.Name is not "SyncRoot"))
            {
                object? inner;
                try
                {
                    inner = property.Value;
                }
                catch (GetValueException)
                {
                    continue;
                }
                text.Append(property.Name).Append('=');
                Write((inner as PSObject)?.BaseObject ?? inner, depth + 1);
            }
        }
    }

    private static string Read(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd();
    }
}
