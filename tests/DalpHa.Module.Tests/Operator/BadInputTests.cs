namespace DalpHa.Module.Tests.Operator;

/// <summary>Bad input is one clear error: an id to match on, and what to do next.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly PackagedModule module = new();
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-bad-").FullName;

    public void Dispose()
    {
        module.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("Get-DalpTopology -Path nowhere.yaml", "FileNotFound")]
    [InlineData("Get-DalpTopology -Path broken.yaml", "TopologyInvalid")]
    [InlineData("Get-DalpTopology -Path huge.yaml", "FileTooLarge")]
    [InlineData("Get-DalpTopology -Path bomb.yaml", "TopologyInvalid")]
    [InlineData("Get-DalpRunbook -Path nowhere.yaml", "FileNotFound")]
    [InlineData("Get-DalpRunbook -Path broken.yaml", "RunbookInvalid")]
    [InlineData("Test-DalpRunbook -Path broken.yaml -Topology 42", "TopologyNotUsable")]
    [InlineData("New-DalpRunbook -Topology broken.yaml", "TopologyInvalid")]
    [InlineData("Test-DalpStandby -Topology 42", "TopologyNotUsable")]
    [InlineData("Test-DalpStandby -Topology broken.yaml", "TopologyInvalid")]
    [InlineData("Test-DalpStandby -Topology broken.yaml -ActiveContext a", "TopologyGivenTwice")]
    [InlineData("Stop-DalpLab -Name no-such-lab", "LabNotFound")]
    [InlineData("Invoke-DalpLabFault MissingSecret -Lab no-such-lab", "LabNotFound")]
    [InlineData("Start-DalpLab -Name '../escape'", "LabNameInvalid")]
    public void It_is_one_error_with_an_id_and_the_next_step(string command, string errorId)
    {
        File.WriteAllText(Path.Combine(folder, "broken.yaml"), "apiVersion: dalpha/v1\nnam: x\n");
        File.WriteAllText(Path.Combine(folder, "huge.yaml"), new string('#', 10 * 1024 * 1024));
        File.WriteAllText(Path.Combine(folder, "bomb.yaml"), "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n");

        var outcome = module.Script($"$null = $ExecutionContext.SessionState.Path.SetLocation($folder); {command}", ("folder", folder));

        var error = outcome.Terminating ?? Assert.Single(outcome.Errors);
        Assert.Empty(outcome.Output);
        Assert.StartsWith(errorId + ",DalpHa.", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.False(string.IsNullOrWhiteSpace(error.ErrorDetails?.RecommendedAction), "No recommended action.");
    }

    [Fact]
    public void All_errors_of_a_topology_are_told_at_once_with_their_place()
    {
        var path = Path.Combine(folder, "dalpha.yaml");
        File.WriteAllText(path, "apiVersion: dalpha/v1\nname: x\nsitez:\n  active: {}\nthresholds: { lagWarn: soon }\n");
        var diagnostics = module.Run("Test-DalpTopology", ("Path", path)).Output;
        Assert.Contains(diagnostics, one => (string)one.Properties["ErrorId"].Value == "UnknownKey" && (int)one.Properties["Line"].Value == 3 && ((string)one.Properties["Expected"].Value + one.Properties["Message"].Value).Contains("sites", StringComparison.Ordinal));
        Assert.Contains(diagnostics, one => (int)one.Properties["Line"].Value == 5 && (int)one.Properties["Column"].Value == 24);
        Assert.Equal(false, module.Run("Test-DalpTopology", ("Path", path), ("Quiet", true)).Single().BaseObject);
    }
}
