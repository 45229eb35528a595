using System.Management.Automation;

namespace DalpHa.Module.Tests.Contract;

/// <summary>Each error that can be provoked without a platform: its id, the category that the page promises, the thing that failed, and the next step.</summary>
public sealed class ErrorTests : IDisposable
{
    private readonly PackagedModule module = new();
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-errors-").FullName;

    public ErrorTests()
    {
        Write("broken.yaml", "apiVersion: dalpha/v1\nnam: x\n");
        Write("empty.yaml", "");
        Write("huge.yaml", new string('#', 10 * 1024 * 1024));
        Write("there.yaml", "x");
        Write("unreadable", "clusters: 3");
        Write("kubeconfig", """
            clusters: [{ name: c, cluster: { server: "https://127.0.0.1:9" } }, { name: authority, cluster: { server: "https://127.0.0.1:9", certificate-authority: /no/such/file } }]
            users: [{ name: u, user: { token: none } }, { name: old, user: { exec: { apiVersion: client.authentication.k8s.io/v1alpha1, command: none } } }]
            contexts:
            - { name: a, context: { cluster: c, user: u } }
            - { name: no-cluster, context: { cluster: none, user: u } }
            - { name: plugin, context: { cluster: c, user: old } }
            - { name: authority, context: { cluster: authority, user: u } }
            """);
    }

    public void Dispose()
    {
        module.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("FileNotFound", "Get-DalpTopology nowhere.yaml")]
    [InlineData("FileNotFound", "Use-DalpTopology nowhere.yaml")]
    [InlineData("FileNotFound", "Test-DalpTopology nowhere.yaml")]
    [InlineData("FileNotFound", "Test-DalpStandby nowhere.yaml")]
    [InlineData("NotAFile", "Get-DalpTopology .")]
    [InlineData("EmptyFile", "Get-DalpTopology empty.yaml")]
    [InlineData("FileTooLarge", "Get-DalpTopology huge.yaml")]
    [InlineData("PathNotFile", "Get-DalpTopology nodrive:/x")]
    [InlineData("PathNotFile", "Get-DalpTopology env:PATH")]
    [InlineData("PathNotFile", "New-DalpTopology nodrive:/x")]
    [InlineData("PathNotFile", "Start-DalpLab -Path nodrive:/x")]
    [InlineData("FileExists", "New-DalpTopology there.yaml")]
    [InlineData("TopologyInvalid", "Get-DalpTopology broken.yaml")]
    [InlineData("TopologyInvalid", "Test-DalpStandby broken.yaml")]
    [InlineData("TopologyInvalid", "New-DalpTopology new.yaml -Namespace 'Not A Name'")]
    [InlineData("TopologyNotUsable", "Test-DalpStandby -Topology 42")]
    [InlineData("TopologyGivenTwice", "Test-DalpStandby broken.yaml -ActiveContext a")]
    [InlineData("TopologyNotGiven", "Test-DalpStandby")]
    [InlineData("TopologyNotGiven", "Test-DalpStandby -ActiveContext a")]
    [InlineData("SameSite", "Test-DalpStandby -ActiveContext a -StandbyContext a -Namespace n")]
    [InlineData("QuietAndSummary", "Test-DalpStandby -ActiveContext a -StandbyContext b -Namespace n -Quiet -Summary")]
    [InlineData("UnknownCheck", "Test-DalpStandby -ActiveContext a -StandbyContext b -Namespace n -Check Nothing")]
    [InlineData("StandbyDatabaseMissing", "Get-DalpReplicationLag -ActiveContext a -StandbyContext b -Namespace n")]
    [InlineData("StandbyDatabaseMissing", "Watch-DalpReplicationLag -ActiveContext a -StandbyContext b -Namespace n")]
    [InlineData("KubeconfigNotFound", "Test-DalpStandby (Topology none a)")]
    [InlineData("KubeconfigMalformed", "Test-DalpStandby (Topology unreadable a)")]
    [InlineData("KubeconfigIncomplete", "Test-DalpStandby (Topology kubeconfig no-cluster)")]
    [InlineData("ContextNotFound", "Test-DalpStandby (Topology kubeconfig none)")]
    [InlineData("CredentialPluginUnusable", "Test-DalpStandby (Topology kubeconfig plugin)")]
    [InlineData("CertificateAuthorityUnreadable", "Test-DalpStandby (Topology kubeconfig authority)")]
    [InlineData("LabNotFound", "Get-DalpLab no-such-lab")]
    [InlineData("LabNotFound", "Stop-DalpLab no-such-lab")]
    [InlineData("LabNotFound", "Invoke-DalpLabFault MissingSecret -Lab no-such-lab")]
    [InlineData("LabNameInvalid", "Start-DalpLab '../escape'")]
    public void It_has_an_id_a_category_a_target_and_a_next_step(string id, string command)
    {
        var outcome = module.Script(
            $$"""
            [void]$ExecutionContext.SessionState.Path.SetLocation($folder)
            function Topology([string] $Kubeconfig, [string] $Context) {
                [IO.File]::WriteAllText("$folder/t.yaml", "apiVersion: dalpha/v1`nname: t`nsites: { active: { name: a, context: $Context, kubeconfig: ./$Kubeconfig, namespace: one }, standby: { name: b, context: $Context, kubeconfig: ./$Kubeconfig, namespace: two } }`n")
                "$folder/t.yaml"
            }
            {{command}}
            """,
            ("folder", folder));

        var error = outcome.Terminating ?? Assert.Single(outcome.Errors);
        AssertKept(id, error);
        Assert.Empty(outcome.Output);
        // Of a combination of parameters, or of nothing at all, there is no one thing that failed.
        Assert.Equal(id is "TopologyGivenTwice" or "TopologyNotGiven" or "QuietAndSummary", error.TargetObject is null);
    }

    /// <summary>What every error keeps to.</summary>
    internal static void AssertKept(string id, ErrorRecord error)
    {
        Assert.StartsWith($"{id},DalpHa.Commands.", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        var promised = SourceErrors.Page.Single(row => row.Id == id);
        Assert.Equal(promised.Category, error.CategoryInfo.Category.ToString());
        Assert.False(string.IsNullOrWhiteSpace(error.ErrorDetails?.RecommendedAction), "No recommended action.");
        Assert.False(string.IsNullOrWhiteSpace(error.ErrorDetails?.Message), "No message.");
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text);
}
