using System.Management.Automation;

namespace DalpHa.Module.Tests.Operator;

/// <summary>What an operator sees of a healthy pair, through the packaged module.</summary>
[Collection(nameof(LabCollection))]
public sealed class WarmStandbyTests(LabSession session)
{
    [Fact]
    public void A_healthy_pair_is_warm()
    {
        session.UntilWarm();
        Assert.Equal("Warm", session.Script("Test-DalpStandby -Topology $topology -Summary").Single().Properties["Verdict"].Value.ToString());
        Assert.Equal(true, session.Script("Test-DalpStandby -Topology $topology -Quiet").Single().BaseObject);
    }

    [Fact]
    public void Every_check_leaves_a_finding()
    {
        var names = session.Script("Test-DalpStandby -Topology $topology").Output.Select(result => (string)result.Properties["Check"].Value).Distinct().ToList();
        string[] promised =
        [
            "ApiReachable", "Permissions", "ActiveServing", "StandbyWorkloads", "ImageParity", "Restarts", "RequiredSecrets", "ConfigMapParity", "IngressParity",
            "HelmParity", "StandbyCapacity", "ClusterClasses", "FailureDomains", "Certificates", "Database", "ReplicationLag", "ReplicationSlots", "Validators",
        ];
        Assert.Equal(promised.Order(), names.Order());
    }

    [Fact]
    public void Nobody_is_warm_by_leaving_checks_out()
    {
        var verdict = session.Script("Test-DalpStandby -Topology $topology -Check ApiReachable -Summary").Single();
        Assert.Equal("Unknown", verdict.Properties["Verdict"].Value.ToString());
    }

    [Fact]
    public void Without_a_topology_the_database_is_unknown_and_so_is_the_verdict()
    {
        var kubeconfig = (string)session.Lab.Properties["KubeconfigPath"].Value;
        var before = Environment.GetEnvironmentVariable("KUBECONFIG");
        Environment.SetEnvironmentVariable("KUBECONFIG", kubeconfig);
        try
        {
            var contexts = (IReadOnlyList<string>)((PSObject)session.Module.Script("Get-DalpTopology -Path $topology | ForEach-Object { , [string[]]($_.Active.Cluster.Context, $_.Standby.Cluster.Context) }", ("topology", session.Topology)).Single()).BaseObject;
            var verdict = session.Module.Script(
                "Test-DalpStandby -ActiveContext $active -StandbyContext $standby -Namespace dalp -Summary", ("active", contexts[0]), ("standby", contexts[1])).Single();
            Assert.Equal("Unknown", verdict.Properties["Verdict"].Value.ToString());
            Assert.Contains((IReadOnlyList<string>)verdict.Properties["Reasons"].Value, reason => reason.StartsWith("Database ", StringComparison.Ordinal));
        }
        finally
        {
            Environment.SetEnvironmentVariable("KUBECONFIG", before);
        }
    }

    [Fact]
    public void Lag_is_measured_and_watching_ends_by_count()
    {
        var lag = session.Script("Get-DalpReplicationLag -Topology $topology").Single();
        Assert.Equal("Streaming", lag.Properties["Link"].Value.ToString());
        Assert.IsType<long>(lag.Properties["LagBytes"].Value);
        Assert.NotNull(lag.Properties["LastHealthyAt"].Value);
        Assert.Equal(3, session.Script("Watch-DalpReplicationLag -Topology $topology -Interval 0.2 -Count 3").Output.Count);
    }

    [Theory]
    [InlineData("Test-DalpStandby -Topology $topology")]
    [InlineData("Test-DalpStandby -Topology $topology -Summary")]
    [InlineData("Get-DalpReplicationLag -Topology $topology")]
    [InlineData("Get-DalpTopology -Path $topology")]
    [InlineData("Test-DalpTopology -Path $topology -Online")]
    [InlineData("Get-DalpLab")]
    public void What_comes_out_is_a_table_that_fits_120_columns(string command)
    {
        session.Script("");
        var lines = session.Module.Show(command).Where(line => line.Length > 0).ToList();
        Assert.True(lines.Count >= 3, string.Join('\n', lines));
        Assert.Matches("^[- ]+$", lines[1]);
        Assert.All(lines, line => Assert.True(line.Length <= 120, line));
    }

    [Fact]
    public void No_password_reaches_a_stream()
    {
        var passwords = File.ReadAllLines(Directory.GetFiles((string)session.Lab.Properties["Folder"].Value, "*pgpass*", SearchOption.AllDirectories).First())
            .Where(line => line.Contains(':', StringComparison.Ordinal) && !line.StartsWith('#'))
            .Select(line => line.Split(':')[^1])
            .ToList();
        Assert.NotEmpty(passwords);
        var said = session.Script(
            "& { $VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'; " +
            "$all = @(Test-DalpStandby -Topology $topology; Get-DalpReplicationLag -Topology $topology; Test-DalpTopology -Path $topology -Online; Get-DalpLab) *>&1; " +
            "foreach ($one in $all) { \"$one\"; foreach ($property in $one.PSObject.Properties) { \"$($property.Name)=$($property.Value)\" } } }");
        var text = string.Join('\n', said.Output);
        Assert.Contains("RequiredSecrets", text, StringComparison.Ordinal);
        Assert.All(passwords, password => Assert.DoesNotContain(password, text, StringComparison.Ordinal));
    }
}
