using System.Globalization;
using System.Net.Http.Headers;
using DalpHa.Module.Tests.Contract;

namespace DalpHa.Module.Tests.Operator;

/// <summary>
/// -WhatIf changes nothing. The examples of every cmdlet that can change something are run under it, and what could be changed is recorded:
/// the requests to both clusters, files, faults, and processes.
/// </summary>
[Collection(nameof(LabCollection))]
public sealed class WhatIfTests(LabSession session) : IDisposable
{
    private readonly Workplace workplace = new(session);

    private string LabFolder => (string)session.Lab.Properties["Folder"].Value;

    public void Dispose() => workplace.Dispose();

    [Theory]
    [MemberData(nameof(Cmdlets.Changing), MemberType = typeof(Cmdlets))]
    public void WhatIf_tells_and_changes_nothing(string command)
    {
        var examples = Workplace.Examples(command).Where(example => Workplace.Calls(example).Contains(command)).ToList();
        Assert.NotEmpty(examples);
        foreach (var example in examples)
        {
            var script = workplace.Prepare(example);
            var (files, faults, children, asked) = (Files(), Faults(), Children(), Audit().Count);

            session.Module.Host.Lines.Clear();
            var outcome = session.Script($"$WhatIfPreference = $true\n{script}\n$WhatIfPreference = $false");

            Assert.True(
                session.Module.Host.Lines.Any(line => line.StartsWith("What if:", StringComparison.Ordinal)) || IsNothingToDo(command, outcome),
                $"{example}\n{string.Join('\n', session.Module.Host.Lines)}\n{string.Join('\n', outcome.Errors)}");
            Assert.Equal(files, Files());
            Assert.Equal(faults, Faults());
            Assert.Equal(children, Children());
            Assert.DoesNotContain(Audit().Skip(asked), IsWrite);
        }
    }

    [Fact]
    public async Task A_write_to_a_cluster_would_be_seen()
    {
        var asked = Audit().Count;
        session.Script("Test-DalpStandby -Topology $topology -Check ApiReachable, Permissions, RequiredSecrets");
        Assert.NotEmpty(Audit().Skip(asked));
        Assert.DoesNotContain(Audit().Skip(asked), IsWrite);

        using var client = LabAccess.Client();
        var site = LabAccess.Of(session).First();
        using var request = new HttpRequestMessage(HttpMethod.Delete, new Uri(site.Server, "api/v1/namespaces/dalp/configmaps/no-such-thing"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", site.AdminToken);
        using var answer = await client.SendAsync(request);
        Assert.Contains(Audit().Skip(asked), IsWrite);
    }

    // What must not be done on a healthy pair is refused before anything is told, and what is undone there has nothing to undo.
    private static bool IsNothingToDo(string command, Outcome outcome) =>
        outcome.Errors.Append(outcome.Terminating).Any(error => error?.FullyQualifiedErrorId.StartsWith("PreconditionUnmet,", StringComparison.Ordinal) == true)
        // The examples' failovers are none of this machine's.
        || (command is "Resume-DalpFailover" && outcome.Errors.Append(outcome.Terminating).Any(error => error?.FullyQualifiedErrorId.Split(',')[0] is "FailoverNotFound" or "InputObjectNotBound"))
        || (command is "Resume-DalpWrite" or "Unprotect-DalpSite" && outcome.Errors.Count == 0 && outcome.Terminating is null);

    // Asking what one may do is a POST that changes nothing, and so is opening a tunnel.
    private static bool IsWrite(string line)
    {
        var parts = line.Split(' ');
        var (verb, request) = (parts[^2], parts[^1]);
        return verb is not ("get" or "list" or "watch")
            && !request.Contains("/selfsubjectaccessreviews", StringComparison.Ordinal)
            && !request.Contains("/selfsubjectrulesreviews", StringComparison.Ordinal)
            && !request.Contains("/portforward", StringComparison.Ordinal);
    }

    private List<string> Audit()
    {
        using var reader = new StreamReader(new FileStream(Path.Combine(LabFolder, "audit.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    // The lab's databases and logs live their own life.
    private List<string> Files() =>
    [
        .. new[] { workplace.Folder, LabSession.State }
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}databases{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && Path.GetExtension(file) != ".log")
            .Order(StringComparer.Ordinal)
            .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file} {new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file):O}")),
    ];

    private List<string> Faults() => [.. session.Script("Get-DalpLab | ForEach-Object { $_.Name; \"$($_.State)\"; $_.ProcessId; \"$($_.Faults)\" }").Output.Select(item => item.ToString())];

    private static List<int> Children() => OperatingSystem.IsLinux() ? [.. Processes.ChildrenOf(Environment.ProcessId).Order()] : [];
}
