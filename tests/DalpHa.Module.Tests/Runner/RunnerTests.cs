using System.Diagnostics;
using System.Text.Json;

namespace DalpHa.Module.Tests.Runner;

/// <summary>The Runner as a scheduler meets it: a process with arguments, streams and an exit code.</summary>
public sealed class RunnerTests
{
    private static readonly string Executable = Path.Combine(
        PackagedModule.Root, "src", "DalpHa.Runner", "bin", "Release", "net10.0", OperatingSystem.IsWindows() ? "DalpHa.Runner.exe" : "DalpHa.Runner");

    [Theory]
    [InlineData(0, "'fine'")]
    [InlineData(1, "throw 'bad'")]
    [InlineData(1, "Get-Command no-such-command")]
    [InlineData(0, "Get-Command no-such-command -ErrorAction SilentlyContinue")]
    [InlineData(0, "try { throw 'bad' } catch { 'caught' }")]
    [InlineData(7, "exit 7")]
    [InlineData(1, "{ unfinished")]
    public async Task The_exit_code_says_whether_it_went_well(int expected, string command)
    {
        var (code, _, _) = await RunAsync("-NoModule", "-Command", command);
        Assert.Equal(expected, code);
    }

    [Theory]
    [InlineData("-Bogus")]
    [InlineData("-File")]
    [InlineData("-OutputFormat", "Xml", "-Command", "1")]
    [InlineData("-File", "/no/such/script.ps1")]
    public async Task Wrong_usage_is_2_and_runs_nothing(params string[] arguments)
    {
        var (code, output, error) = await RunAsync(arguments);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void The_engine_reports_its_use_to_nobody()
    {
        var run = RunnerProcess.Run("[Microsoft.PowerShell.Telemetry.ApplicationInsightsTelemetry]::CanSendTelemetry", ("POWERSHELL_TELEMETRY_OPTOUT", null));
        Assert.Equal("False", run.Output.Trim());
    }

    [Fact]
    public async Task A_script_gets_its_arguments_as_under_pwsh()
    {
        var script = Path.Combine(Path.GetTempPath(), $"dalpha-{Guid.NewGuid():N}.ps1");
        try
        {
            await File.WriteAllTextAsync(script, "param([string] $Name, [switch] $Flag, [switch] $Off, [int] $N) \"$Name|$Flag|$Off|$($N + 1)|$([IO.Path]::GetFileName($PSCommandPath))\"; exit $N");
            var (code, output, _) = await RunAsync("-NoModule", "-File", script, "-Name", "it's $x; \"y\"", "-Flag", "-Off:$false", "-N", "4");
            Assert.Equal($"it's $x; \"y\"|True|False|5|{Path.GetFileName(script)}", output.Trim());
            Assert.Equal(4, code);
        }
        finally
        {
            File.Delete(script);
        }
    }

    [Fact]
    public async Task A_program_that_fails_inside_a_script_is_the_scripts_business()
    {
        var (code, output, _) = await RunAsync("-NoModule", "-Command", "dotnet no-such-verb *> $null; 'after'");
        Assert.Equal("after", output.Trim());
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task What_a_program_says_on_its_standard_error_is_shown_and_no_error()
    {
        var (code, output, error) = await RunAsync("-NoModule", "-Command", "dotnet no-such-verb; 'after'");
        Assert.Contains("no-such-verb", output + error, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task A_prompt_that_nobody_can_answer_is_an_error_and_no_hang()
    {
        var (code, _, error) = await RunAsync("-NoModule", "-NonInteractive", "-Command", "$Host.UI.PromptForChoice('Promote?', 'The standby', @('&Yes', '&No'), 1)");
        Assert.Equal(1, code);
        Assert.Contains("nobody attends", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_one_document_a_line_with_errors_apart()
    {
        var (code, output, error) = await RunAsync(
            "-NoModule", "-OutputFormat", "Json", "-Command", "[pscustomobject]@{ Text = \"it's\"; Span = [timespan]::FromSeconds(90); None = $null; List = 1, 2 }; 1.5; Get-Command no-such-command");
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        var first = JsonDocument.Parse(lines[0]).RootElement;
        Assert.Equal("it's", first.GetProperty("Text").GetString());
        Assert.Equal("00:01:30", first.GetProperty("Span").GetString());
        Assert.Equal(JsonValueKind.Null, first.GetProperty("None").ValueKind);
        Assert.Equal(2, first.GetProperty("List").GetArrayLength());
        Assert.Equal("CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand", JsonDocument.Parse(error).RootElement.GetProperty("errorId").GetString());
        Assert.Equal(1, code);
    }

    [Fact]
    public async Task The_module_is_there_without_asking()
    {
        var (code, output, error) = await RunAsync("-Command", "(Get-Module DalpHa).Name; (Get-Command Test-DalpStandby).Name");
        Assert.True(code == 0, error);
        Assert.Equal(["DalpHa", "Test-DalpStandby"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Executable) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException("The Runner did not end within 60 s.");
        }
        return (process.ExitCode, await output, await error);
    }
}
