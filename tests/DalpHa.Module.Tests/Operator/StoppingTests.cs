using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;

namespace DalpHa.Module.Tests.Operator;

/// <summary>
/// Ctrl+C ends every wait: what hangs is let go of within two seconds, and nothing is left: no connection, process, folder or file.
/// The tests fail only beyond <see cref="Bound"/>, since a loaded machine is no defect of the cmdlet; what was measured is printed.
/// </summary>
[Collection(nameof(LabCollection))]
public sealed class StoppingTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);
    private readonly PackagedModule module = new();
    private readonly string state = Directory.CreateTempSubdirectory("dalpha-stopping-").FullName;
    private readonly string? before = Environment.GetEnvironmentVariable("DALPHA_STATE");

    public StoppingTests() => Environment.SetEnvironmentVariable("DALPHA_STATE", state);

    /// <summary>Every cmdlet that asks the sites of a topology.</summary>
    public static TheoryData<string> Waiting => WaitingCmdlets.Names;

    public void Dispose()
    {
        module.Dispose();
        Environment.SetEnvironmentVariable("DALPHA_STATE", before);
        Directory.Delete(state, recursive: true);
    }

    [Fact]
    public void Every_cmdlet_is_in_the_table_or_has_a_reason_not_to_be() =>
        Assert.Equal(WaitingCmdlets.All.Order(StringComparer.Ordinal), WaitingCmdlets.Known.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Waiting))]
    public void A_site_that_hangs_is_let_go_of(string name)
    {
        using var site = new HungSite();
        Prepare(name, site);
        var asked = site.Asked;
        StopWhen(WaitingCmdlets.Call(name), _ => Eventually("somebody has connected", () => site.Asked > asked));
        // Of those to databases see below.
        Eventually("every connection to an API is closed", () => site.OpenToApis() == 0);
        AssertNothingLeft();
    }

    [Fact]
    public void A_watch_over_a_site_that_isolates_is_let_go_of()
    {
        using var site = new HungSite();
        Prepare("Protect-DalpSite", site);
        StopWhen($"{WaitingCmdlets.Call("Protect-DalpSite")} -Wait", _ => Eventually("somebody has connected", () => site.Asked > 0));
        Eventually("every connection to an API is closed", () => site.OpenToApis() == 0);
        AssertNothingLeft();
    }

    // Between its connecting and its log-in the database's driver hears no cancellation: such a connection ends a second after the bound of the request.
    [Theory]
    [InlineData("disable")]
    [InlineData("prefer")]
    [InlineData("require")]
    public void A_database_that_does_not_answer_a_log_in_or_an_offer_of_tls_is_let_go_of(string sslMode)
    {
        using var site = new HungSite(database: $"sslMode: {sslMode}");
        Prepare("Get-DalpReplicationLag", site);
        StopWhen(WaitingCmdlets.Call("Get-DalpReplicationLag"), _ => Eventually("both servers are asked", () => site.Asked > 1));
        Eventually("every connection is closed", () => site.OpenToDatabases() == 0 && site.OpenToApis() == 0);
        AssertNothingLeft();
    }

    [Theory]
    [MemberData(nameof(Waiting))]
    public void A_credential_plugin_that_hangs_is_ended(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What processes are left is read from /proc.");
        var mark = Mark();
        using var site = WithHangingPlugin(mark);
        Prepare(name, site);
        StopWhen(WaitingCmdlets.Call(name), _ => Eventually("the plugin runs", () => Processes.Naming(mark).Any()));
        Eventually("the plugin is gone, with what it started", () => !Processes.Naming(mark).Any());
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("Test-DalpStandby")]
    [InlineData("Watch-DalpReplicationLag")]
    [InlineData("Protect-DalpSite")]
    public void An_interrupted_runner_says_so_and_leaves_no_child(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What processes are left is read from /proc, and the signal is sent by kill.");
        var mark = Mark();
        using var site = WithHangingPlugin(mark);
        using var process = RunnerProcess.Start(WaitingCmdlets.Call(name).Replace("$topology", $"'{site.Topology}'", StringComparison.Ordinal), ("DALPHA_STATE", state));
        Eventually("the plugin runs", () => Processes.Naming(mark).Any());
        var clock = Stopwatch.StartNew();
        Signal("-INT", process.Id);
        var run = RunnerProcess.Finish(process);
        Report($"{name} in the Runner", clock.Elapsed);
        Assert.True(run.Code == 130, $"{run.Code} {run.Error}");
        Assert.True(clock.Elapsed < Bound, $"It took {clock.Elapsed.TotalSeconds:0.0} s. {run.Error}");
        Eventually("the plugin is gone, with what it started", () => !Processes.Naming(mark).Any());
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(10)]
    [InlineData(60)]
    [InlineData(85)]
    public void A_lab_that_is_starting_is_gone(int percent)
    {
        var name = NewLabName();
        // Its own progress says how far it is. A stream of a shell that runs has no end: whoever enumerates it waits for the shell.
        var seen = 0;
        StopWhen($"Start-DalpLab -Name {name} -StopWithSession", shell => Eventually($"it is {percent} % up", () => (seen = Math.Max(seen, shell.Streams.Progress.ReadAll().Select(record => record.PercentComplete).DefaultIfEmpty(0).Max())) >= percent));
        AssertLabGone(name);
    }

    [Fact]
    public void A_lab_that_is_stopping_is_gone_after_a_second_call()
    {
        var name = NewLabName();
        var folder = (string)module.Script($"Start-DalpLab -Name {name} -StopWithSession").Single().Properties["Folder"].Value;
        StopWhen($"Stop-DalpLab -Name {name}", _ => { });
        // It had been told, or it had not: a second call ends what is left, and where nothing is, says so.
        var again = module.Script($"Stop-DalpLab -Name {name}");
        Assert.All(again.Errors, error => Assert.StartsWith("LabNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal));
        AssertLabGone(name);
        Assert.False(Directory.Exists(folder), folder);
        module.Script($"Start-DalpLab -Name {name} -StopWithSession").Single();
        Assert.Empty(module.Script($"Stop-DalpLab -Name {name}").Errors);
    }

    [Theory]
    [InlineData("Get-DalpLab -Name $name")]
    [InlineData("Invoke-DalpLabFault MissingSecret -Lab $name -TimeoutSeconds 600")]
    [InlineData("Stop-DalpLab -Name $name")]
    public void A_lab_that_hangs_is_let_go_of(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGSTOP.");
        var name = NewLabName();
        var id = (int)module.Script($"Start-DalpLab -Name {name} -StopWithSession").Single().Properties["ProcessId"].Value;
        Signal("-STOP", id);
        try
        {
            StopWhen(script.Replace("$name", name, StringComparison.Ordinal), _ => Thread.Sleep(500));
        }
        finally
        {
            Signal("-CONT", id);
        }
        module.Script($"Stop-DalpLab -Name {name}");
        AssertLabGone(name);
    }

    // What a call needs beside a topology.
    private void Prepare(string name, HungSite site)
    {
        module.Script("$null", ("topology", site.Topology), ("runbook", WaitingCmdlets.RunbookPath));
        if (name == "Invoke-DalpFailover")
        {
            module.Script("$plan = New-DalpFailoverPlan $topology $runbook -TimeoutSeconds 1; $plan").Single();
        }
    }

    // The databases' logins are in a Secret, so that whoever asks for them asks the cluster first.
    private static HungSite WithHangingPlugin(string mark) => new(
        $"{{ exec: {{ apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [\"-c\", \"sleep {mark} & sleep {mark}\"] }} }}",
        "sslMode: disable, credentials: { secret: login, usernameKey: username, passwordKey: password }");

    private static string Mark() => $"600.{Random.Shared.Next(100000, 999999)}";

    private static string NewLabName() => $"stop-{Random.Shared.Next(100000, 999999)}";

    private void StopWhen(string script, Action<PowerShell> hangs)
    {
        using var shell = module.Shell();
        shell.AddScript(script);
        var running = shell.BeginInvoke();
        hangs(shell);
        Assert.False(running.IsCompleted, $"It did not wait. {string.Join('\n', shell.Streams.Error.ReadAll())}");
        var clock = Stopwatch.StartNew();
        var stopping = shell.BeginStop(null, null);
        Assert.True(stopping.AsyncWaitHandle.WaitOne(TimeSpan.FromMinutes(1)), "It did not stop within a minute.");
        shell.EndStop(stopping);
        Report(script, clock.Elapsed);
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.True(clock.Elapsed < Bound, $"It took {clock.Elapsed.TotalSeconds:0.0} s.");
        Assert.Empty(shell.Streams.Error);
    }

    private void AssertLabGone(string name)
    {
        Eventually("nothing of it is left", () => !Directory.Exists(Path.Combine(state, "labs")) || !Directory.EnumerateFileSystemEntries(Path.Combine(state, "labs")).Any());
        if (OperatingSystem.IsLinux())
        {
            Eventually("its processes are gone", () => !Processes.Naming(name).Any());
        }
        AssertNothingLeft();
    }

    private void AssertNothingLeft() =>
        Assert.Equal([], Directory.EnumerateFileSystemEntries(state, "*", SearchOption.AllDirectories).Except([Path.Combine(state, "labs")]));

    private static void Signal(string signal, int process)
    {
        using var kill = Process.Start("kill", [signal, process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static void Report(string script, TimeSpan took) =>
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{script}: stopped after {took.TotalMilliseconds:0} ms"));

    private static void Eventually(string what, Func<bool> holds)
    {
        for (var clock = Stopwatch.StartNew(); !holds(); Thread.Sleep(50))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"Not within 30 s: {what}.");
        }
    }
}
