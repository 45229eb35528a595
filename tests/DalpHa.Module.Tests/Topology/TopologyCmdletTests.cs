namespace DalpHa.Module.Tests.Topology;

/// <summary>The topology cmdlets in a real engine: what they write, where they look, and what two runspaces do not share.</summary>
public sealed class TopologyCmdletTests : IDisposable
{
    private readonly PackagedModule module = new();
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-module-").FullName;

    public TopologyCmdletTests() => MoveTo(module);

    public void Dispose()
    {
        module.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void AScaffoldIsWrittenOnceAndReadsBack()
    {
        var file = Path.Combine(folder, "dalpha.yaml");
        Assert.Empty(module.Script("New-DalpTopology -WhatIf").Output);
        Assert.False(File.Exists(file));

        module.Script("New-DalpTopology -Name first -ActiveContext a -StandbyContext b").Single();
        Assert.StartsWith("FileExists,", ErrorId(module.Script("New-DalpTopology -Name second")), StringComparison.Ordinal);
        Assert.Equal("first", module.Script("(Get-DalpTopology).Name").Single().BaseObject);
        module.Script("New-DalpTopology -Name second -Force").Single();
        Assert.Equal("second", module.Script("(Get-DalpTopology).Name").Single().BaseObject);
        Assert.Equal(true, module.Script("Test-DalpTopology -Quiet").Single().BaseObject);
        Assert.Equal("dalp-active dalp-standby dalp-standby dalp-active", module.Script("$one, $two = (Get-DalpTopology), (Get-DalpTopology -Swapped); \"$($one.Active.Cluster.Context) $($one.Standby.Cluster.Context) $($two.Active.Cluster.Context) $($two.Standby.Cluster.Context)\"").Single().BaseObject);
    }

    [Fact]
    public void ABadFileIsOneErrorThatTellsAll()
    {
        File.WriteAllText(Path.Combine(folder, "bad.yaml"), "apiVersion: dalpha/v1\nnam: x\nsites: 3\n");
        var failure = Failure(module.Script("Get-DalpTopology bad.yaml"));
        Assert.StartsWith("TopologyInvalid,", failure?.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("(2,1): UnknownKey", failure!.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("(3,8): WrongType", failure.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(["MissingKey", "UnknownKey", "WrongType"], module.Script("Test-DalpTopology bad.yaml").Output.Select(d => d.Properties["ErrorId"].Value));
        Assert.Equal(false, module.Script("Test-DalpTopology bad.yaml -Quiet").Single().BaseObject);
    }

    [Fact]
    public void TwoRunspacesDoNotShareADefault()
    {
        using var other = new PackagedModule();
        module.Script("New-DalpTopology t.yaml -Name mine; Use-DalpTopology t.yaml");
        MoveTo(other);
        const string ask = "Get-DalpReplicationLag -TimeoutSeconds 1";
        Assert.StartsWith("TopologyNotGiven,", ErrorId(other.Script(ask)), StringComparison.Ordinal);
        Assert.DoesNotContain("TopologyNotGiven", ErrorId(module.Script(ask)), StringComparison.Ordinal);
        module.Script("Use-DalpTopology -Clear");
        Assert.StartsWith("TopologyNotGiven,", ErrorId(module.Script(ask)), StringComparison.Ordinal);
    }

    // A script goes on after a statement that ended in an error, so that the error is in the stream.
    private static System.Management.Automation.ErrorRecord? Failure(Outcome outcome) => outcome.Terminating ?? outcome.Errors.FirstOrDefault();

    private static string ErrorId(Outcome outcome) => Failure(outcome)?.FullyQualifiedErrorId ?? "";

    // The engine's package has no Set-Location.
    private void MoveTo(PackagedModule engine) =>
        engine.Script("[void]$ExecutionContext.SessionState.Path.SetLocation($folder)", ("folder", folder));
}
