using System.Management.Automation;

namespace DalpHa.Module.Tests.Operator;

/// <summary>A lab that an operator started from the packaged module, shared by the tests of one collection and ended with them.</summary>
public sealed class LabSession : IDisposable
{
    public LabSession()
    {
        Directory.CreateDirectory(State);
        Environment.SetEnvironmentVariable("DALPHA_STATE", State);
        Lab = Module.Script("Start-DalpLab -StopWithSession -WriteLoad 20").Single();
    }

    /// <summary>The id of the failover that the help's examples name.</summary>
    public const string FailoverId = "20260131-100401-1a2b";

    /// <summary>DalpHa's state folder while the lab runs.</summary>
    public static string State { get; } = Path.Combine(Path.GetTempPath(), $"dalpha-module-{Guid.NewGuid():n}");

    public PackagedModule Module { get; } = new();

    /// <summary>The lab's object.</summary>
    public PSObject Lab { get; }

    public string Topology => (string)Lab.Properties["TopologyPath"].Value;

    /// <summary>Sees to it that there is one failover, which stands still after a step that people vouched for and has done nothing.</summary>
    public void RequireFailover()
    {
        if (File.Exists(Path.Combine(State, "failovers", FailoverId + ".jsonl")))
        {
            return;
        }
        var runbook = Path.Combine(State, "runbook.yaml");
        File.WriteAllText(runbook, File.ReadAllText(Path.Combine(PackagedModule.Root, "examples", "runbook.yaml"))
            .Replace("  freeze:\n", "  freeze:\n    manual: Nothing. This failover is there to be looked at.\n", StringComparison.Ordinal));
        var outcome = Module.Script($$"""
            $plan = New-DalpFailoverPlan '{{Topology}}' '{{runbook}}'
            $plan.GetType().GetProperty('Id').SetValue($plan, '{{FailoverId}}')
            $plan | Invoke-DalpFailover -DecisionOwner 'Jane Doe' -Reason 'An example' -Until freeze -Attest @{ freeze = 'Jane Doe: nothing is to be done' } -Confirm:$false
            """);
        Assert.True(outcome.Terminating is null && outcome.Output.Count == 1, $"{outcome.Terminating} {string.Join('\n', outcome.Errors)}");
    }

    /// <summary>Runs a script that finds the topology's path in <c>$topology</c>.</summary>
    public Outcome Script(string script) => Module.Script(script, ("topology", Topology));

    /// <summary>Asks until the answer is as expected, and fails with the last answer when it is not within a minute.</summary>
    public void Until(string what, Func<IReadOnlyList<PSObject>> ask, Func<IReadOnlyList<PSObject>, bool> holds)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        IReadOnlyList<PSObject> answer;
        do
        {
            answer = ask();
            if (holds(answer))
            {
                return;
            }
        }
        while (clock.Elapsed < TimeSpan.FromSeconds(60));
        Assert.Fail($"Not within 60 s: {what}. Last seen:\n{string.Join('\n', answer)}");
    }

    /// <summary>The findings that are not Pass.</summary>
    public IReadOnlyList<PSObject> Problems() => Script("Test-DalpStandby -Topology $topology | Where-Object Status -ne Pass").Output;

    /// <summary>Waits for a standby without a problem.</summary>
    public void UntilWarm() => Until("the standby is warm", Problems, problems => problems.Count == 0);

    public void Dispose()
    {
        Module.Script("Get-DalpLab | Stop-DalpLab");
        Module.Dispose();
        Environment.SetEnvironmentVariable("DALPHA_STATE", null);
        Directory.Delete(State, recursive: true);
    }
}

/// <summary>Tests that share one lab, one after the other: a fault of one is undone before the next.</summary>
[CollectionDefinition(nameof(LabCollection), DisableParallelization = true)]
public sealed class LabCollection : ICollectionFixture<LabSession>;
