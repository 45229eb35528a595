using System.Management.Automation;
using System.Text.RegularExpressions;

namespace DalpHa.Module.Tests.Operator;

/// <summary>A lab on real kube-apiservers, as an operator starts and uses it.</summary>
[Collection(nameof(LabCollection))]
public sealed class RealLabTests(LabSession session)
{
    private const string Variable = "KUBEBUILDER_ASSETS";

    [Fact]
    public void A_lab_on_real_api_servers_is_warm_turns_with_a_fault_and_back_and_suffices_a_reader()
    {
        var start = session.Module.Script("Start-DalpLab -Name real -ApiServer Real -StopWithSession -TimeoutSeconds 300");
        var failure = start.Terminating ?? start.Errors.FirstOrDefault();
        var isMissing = failure?.FullyQualifiedErrorId.StartsWith("RealApiBinariesNotFound", StringComparison.Ordinal) == true;
        Assert.SkipWhen(isMissing, $"{failure} {failure?.ErrorDetails?.RecommendedAction}");
        try
        {
            var lab = start.Single();
            Assert.Equal("Real", lab.Properties["ApiServer"].Value.ToString());
            var topology = (string)lab.Properties["TopologyPath"].Value;
            UntilWarm(topology);
            foreach (var (fault, check) in new[] { ("ImageDrift", "ImageParity"), ("ApiHung", "ApiReachable"), ("ApiFailing", "ApiReachable") })
            {
                session.Module.Script($"Invoke-DalpLabFault {fault} -Lab real").Single();
                session.Until($"{check} tells of {fault}", () => Problems(topology), problems => problems.Any(problem => (string)problem.Properties["Check"].Value == check));
                session.Module.Script($"Invoke-DalpLabFault {fault} -Lab real -Undo").Single();
                UntilWarm(topology);
            }
            Assert.Empty(Problems(AsReader(topology), "-Account Reader"));
        }
        finally
        {
            session.Module.Script("Stop-DalpLab -Name real -ErrorAction Ignore");
        }
    }

    [Fact]
    public void Without_the_programs_the_error_says_how_to_get_them()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There it can't be had at all.");
        var before = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, Path.Combine(Path.GetTempPath(), "none-here"));
        try
        {
            var outcome = session.Module.Script("Start-DalpLab -Name none -ApiServer Real");
            var error = outcome.Terminating ?? Assert.Single(outcome.Errors);
            Assert.StartsWith("RealApiBinariesNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains("./build.sh envtest", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
            Assert.Contains(Variable, error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
            Assert.DoesNotContain(session.Module.Script("Get-DalpLab").Output, lab => (string)lab.Properties["Name"].Value == "none");
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, before);
        }
    }

    private void UntilWarm(string topology) => session.Until("the standby is warm", () => Problems(topology), problems => problems.Count == 0);

    private IReadOnlyList<PSObject> Problems(string topology, string more = "") =>
        session.Module.Script($"Test-DalpStandby -Topology $path -TimeoutSeconds 5 {more} | Where-Object Status -ne Pass", ("path", topology)).Output;

    // The same topology through the contexts of the account that only reads.
    private static string AsReader(string topology)
    {
        var copy = Path.Combine(Path.GetDirectoryName(topology)!, "reader.yaml");
        File.WriteAllText(copy, Regex.Replace(File.ReadAllText(topology), "(?m)^( +context: .*)$", "$1-reader"));
        return copy;
    }
}
