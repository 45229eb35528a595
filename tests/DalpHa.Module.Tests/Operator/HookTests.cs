using System.Globalization;
using System.Management.Automation;

namespace DalpHa.Module.Tests.Operator;

/// <summary>The runbook's scripts: what they are given, when they are ended, and what is said of them. None of these promotes, so nothing is believed that they say.</summary>
[Collection(nameof(LabCollection))]
public sealed class HookTests : IDisposable
{
    private readonly LabSession session;
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-hooks-").FullName;

    public HookTests(LabSession session)
    {
        this.session = session;
        session.UntilWarm();
        Require(session.Script("Suspend-DalpWrite -Topology $topology -Confirm:$false"));
    }

    public void Dispose()
    {
        Require(session.Script("Resume-DalpWrite -Topology $topology -Confirm:$false"));
        session.UntilWarm();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_hook_gets_what_it_is_for_and_the_module_and_none_of_the_sessions_variables()
    {
        var seen = Path.Combine(folder, "seen");
        var gone = Directory.CreateTempSubdirectory("dalpha-gone-").FullName;
        session.Script($"$mine = 'of the session'; $was = $pwd; $ExecutionContext.SessionState.Path.SetLocation('{gone}')");
        Directory.Delete(gone);
        var unseen = Promote($$"""
            param($Purpose, $Topology, $Kind)
            [IO.File]::WriteAllText('{{seen}}', "$Purpose $Kind $($Topology.Standby.Name) '$mine' $pwd $((Get-Command Get-DalpReplicationLag).ModuleName)")
            'It is promoted. Believe me.'
            """);
        session.Script("$ExecutionContext.SessionState.Path.SetLocation($was)");
        Assert.Equal($"promote Failover {session.Script("(Get-DalpTopology $topology).Standby.Name").Single()} '' {folder} DalpHa", File.ReadAllText(seen));
        Assert.Contains("it was not seen within 2 s", unseen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("throw 'The provider says no.'", "The provider says no.")]
    [InlineData("exit 3", "It ended with exit code 3.")]
    public void A_hook_that_fails_is_not_waited_for(string script, string said)
    {
        var failed = Promote(script, seconds: 600);
        Assert.Contains("may be done in part", failed, StringComparison.Ordinal);
        Assert.Contains(said, failed, StringComparison.Ordinal);
        Assert.Contains("It is in recovery.", failed, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hook_whose_program_hangs_is_ended_with_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What processes are left is read from /proc.");
        var mark = Mark();
        var ended = Promote($"/bin/sleep {mark}");
        Assert.Contains("was over after 2 s, and it was ended.", ended, StringComparison.Ordinal);
        Assert.Empty(Processes.Naming(mark));
    }

    [Fact]
    public void A_hook_that_can_not_be_ended_is_left_to_itself_and_said_to_run()
    {
        var left = Promote("[Threading.Thread]::Sleep(20000)");
        Assert.Contains("it still runs", left, StringComparison.Ordinal);
        Assert.Contains("It is in recovery.", left, StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_ends_a_hook_and_what_it_left_is_written_down()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What processes are left is read from /proc.");
        var (mark, steps) = (Mark(), Path.Combine(LabSession.State, "steps"));
        var before = Directory.GetFiles(steps, "*.jsonl");
        using var shell = session.Module.Shell();
        shell.AddScript(Command($"/bin/sleep {mark}", 600));
        var running = shell.BeginInvoke();
        Assert.True(SpinWait.SpinUntil(() => Processes.Naming(mark).Any() || running.IsCompleted, TimeSpan.FromSeconds(60)));
        Assert.False(running.IsCompleted, string.Join('\n', shell.Streams.Error.ReadAll()));
        shell.Stop();
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.True(SpinWait.SpinUntil(() => !Processes.Naming(mark).Any(), TimeSpan.FromSeconds(10)));
        var journal = File.ReadAllText(Assert.Single(Directory.GetFiles(steps, "*.jsonl").Except(before)));
        Assert.Contains("The operator asked to stop, and the hook", journal, StringComparison.Ordinal);
        Assert.Contains("\"event\":\"Failed\"", journal, StringComparison.Ordinal);
        Assert.Contains("It is in recovery.", journal, StringComparison.Ordinal);
    }

    private static string Mark() => $"600.{Random.Shared.Next(100000, 999999)}";

    // What is said of the promotion, which none of them brings about. What rests on it is an error of its own.
    private string Promote(string script, int seconds = 2) => Assert.Single(
        session.Script(Command(script, seconds)).Errors, error => error.FullyQualifiedErrorId.StartsWith("ActionIncomplete,", StringComparison.Ordinal)).Exception.Message;

    private string Command(string script, int seconds)
    {
        var hook = Path.Combine(folder, "promote.ps1");
        File.WriteAllText(hook, script);
        return string.Create(CultureInfo.InvariantCulture, $"Invoke-DalpPromotion -Topology '{session.Topology}' -Method Hook -Hook '{hook}' -ActionTimeoutSeconds {seconds} -Confirm:$false");
    }

    private static void Require(Outcome outcome) =>
        Assert.True(outcome.Terminating is null && outcome.Errors.Count == 0, $"{outcome.Terminating} {string.Join('\n', outcome.Errors)}");
}
