namespace DalpHa.Module.Tests.Failover;

/// <summary>The runbook cmdlets in a real engine: what they write, where they look, and what a person sees.</summary>
public sealed class RunbookCmdletTests : IDisposable
{
    private readonly PackagedModule module = new();
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-runbook-").FullName;

    public RunbookCmdletTests() =>
        module.Script("[void]$ExecutionContext.SessionState.Path.SetLocation($folder)", ("folder", folder));

    public void Dispose()
    {
        module.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void AScaffoldIsWrittenOnceAndRefusedUntilItIsFinished()
    {
        var file = Path.Combine(folder, "runbook.yaml");
        Assert.Empty(module.Script("New-DalpRunbook -WhatIf").Output);
        Assert.False(File.Exists(file));

        Assert.Equal(file, ((FileInfo)module.Script("New-DalpRunbook").Single().BaseObject).FullName);
        Assert.StartsWith("FileExists,", ErrorId(module.Script("New-DalpRunbook")), StringComparison.Ordinal);
        Assert.StartsWith("RunbookInvalid,", ErrorId(module.Script("Get-DalpRunbook")), StringComparison.Ordinal);
        Assert.Equal(false, module.Script("Test-DalpRunbook -Quiet").Single().BaseObject);
        Assert.Contains(module.Script("Test-DalpRunbook").Output, one => (string)one.Properties["ErrorId"].Value == "Placeholder" && (string)one.Properties["Subject"].Value == "decisionOwner");
        module.Script("New-DalpRunbook -Force").Single();
    }

    [Fact]
    public void OwnersComeFromTheTopologyThatIsGivenOrThereOrSet()
    {
        var example = Path.Combine(PackagedModule.Root, "examples", "dalpha.yaml");
        File.Copy(example, Path.Combine(folder, "dalpha.yaml"));
        const string owner = "@(Test-DalpRunbook $file | Where-Object Subject -eq decisionOwner).Count";
        foreach (var (written, by) in new[] { ("given.yaml", $"-Topology '{example}'"), ("there.yaml", "") })
        {
            module.Script($"New-DalpRunbook {written} {by}").Single();
            Assert.Equal(0, module.Script(owner, ("file", written)).Single().BaseObject);
            Assert.Contains("Head of Operations", File.ReadAllText(Path.Combine(folder, written)), StringComparison.Ordinal);
        }
        File.Delete(Path.Combine(folder, "dalpha.yaml"));
        module.Script($"Get-DalpTopology '{example}' | New-DalpRunbook piped.yaml").Single();
        Assert.Contains("Head of Operations", File.ReadAllText(Path.Combine(folder, "piped.yaml")), StringComparison.Ordinal);
        module.Script("New-DalpRunbook alone.yaml").Single();
        Assert.DoesNotContain("Head of Operations", File.ReadAllText(Path.Combine(folder, "alone.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void TheExampleReadsAndFitsTheExampleTopology()
    {
        var examples = Path.Combine(PackagedModule.Root, "examples");
        Assert.Equal("Database on call", module.Script($"(Get-DalpRunbook '{examples}/runbook.yaml').StepOf('promote').Owner").Single().BaseObject);
        Assert.Equal(true, module.Script($"Test-DalpRunbook '{examples}/runbook.yaml' -Topology '{examples}/dalpha.yaml' -Quiet").Single().BaseObject);
        // Whether it fits can't be told without a topology, so it is not good.
        Assert.Equal(false, module.Script($"Test-DalpRunbook '{examples}/runbook.yaml' -Quiet").Single().BaseObject);
        Assert.Contains(module.Script($"Test-DalpRunbook '{examples}/runbook.yaml'").Output, one => (string)one.Properties["ErrorId"].Value == "TopologyNotSeen");
    }

    [Fact]
    public void TheVariableNamesTheRunbook()
    {
        Assert.StartsWith("FileNotFound,", ErrorId(module.Script("Get-DalpRunbook")), StringComparison.Ordinal);
        var example = Path.Combine(PackagedModule.Root, "examples", "runbook.yaml");
        Environment.SetEnvironmentVariable("DALPHA_RUNBOOK", example);
        try
        {
            Assert.Equal(example, module.Script("(Get-DalpRunbook).Path").Single().BaseObject);
        }
        finally
        {
            Environment.SetEnvironmentVariable("DALPHA_RUNBOOK", null);
        }
    }

    [Fact]
    public void ARunbookItsStepsAndWhatIsWrongAreTables()
    {
        var example = Path.Combine(PackagedModule.Root, "examples", "runbook.yaml");
        Assert.Contains(module.Show($"Get-DalpRunbook '{example}'"), line => line.Contains("Head of Operations", StringComparison.Ordinal) && line.Contains("2099-12-31", StringComparison.Ordinal));
        Assert.Contains(module.Show($"(Get-DalpRunbook '{example}').Steps"), line => line.StartsWith("traffic", StringComparison.Ordinal) && line.Contains("people", StringComparison.Ordinal));
        Assert.Contains(module.Show($"Test-DalpRunbook '{example}'"), line => line.StartsWith("Unknown", StringComparison.Ordinal) && line.Contains("TopologyNotSeen", StringComparison.Ordinal));
    }

    private static string ErrorId(Outcome outcome) => (outcome.Terminating ?? outcome.Errors.FirstOrDefault())?.FullyQualifiedErrorId ?? "";
}
