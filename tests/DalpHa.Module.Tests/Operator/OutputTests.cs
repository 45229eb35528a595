using System.Management.Automation;
using DalpHa.Module.Tests.Contract;

namespace DalpHa.Module.Tests.Operator;

/// <summary>What comes out is what was declared, looks right on a terminal, and goes into the next cmdlet.</summary>
[Collection(nameof(LabCollection))]
public sealed class OutputTests(LabSession session) : IDisposable
{
    private readonly Workplace workplace = new(session);

    /// <summary>The cmdlets that only look: all their examples can be run.</summary>
    public static TheoryData<string> Looking => [.. Cmdlets.Names.Select(row => row.Data).Except(Cmdlets.Changing.Select(row => row.Data))];

    public void Dispose() => workplace.Dispose();

    [Theory]
    [MemberData(nameof(Looking))]
    public void What_comes_out_was_declared(string command)
    {
        var declared = Cmdlets.Named(command).OutputType.Select(type => type.Type).ToList();
        var seen = new List<object>();
        foreach (var example in Workplace.Examples(command).Where(IsOf(command)))
        {
            seen.AddRange(session.Script(workplace.Prepare(example)).Output.Select(item => item.BaseObject));
        }
        Assert.NotEmpty(seen);
        Assert.All(seen, item => Assert.Contains(item.GetType(), declared));
    }

    [Fact]
    public void What_changes_a_lab_gives_what_was_declared()
    {
        var lab = session.Lab.BaseObject.GetType();
        Assert.Equal([lab], Cmdlets.Named("Start-DalpLab").OutputType.Select(type => type.Type));
        Assert.Equal([lab], Cmdlets.Named("Stop-DalpLab").OutputType.Select(type => type.Type));
        foreach (var undo in new[] { "", "-Undo" })
        {
            var fault = session.Script($"Invoke-DalpLabFault DifferentSecret {undo}").Single().BaseObject.GetType();
            Assert.Equal([fault], Cmdlets.Named("Invoke-DalpLabFault").OutputType.Select(type => type.Type));
        }
    }

    [Theory]
    [MemberData(nameof(Looking))]
    public void It_fits_a_terminal_and_never_falls_back_to_a_list(string command)
    {
        var shown = Workplace.Examples(command).Where(IsOf(command))
            .Select(example => session.Module.Show(workplace.Prepare(example)).Where(line => line.Length > 0).ToList())
            .Where(lines => lines.Count > 0)
            .ToList();
        Assert.NotEmpty(shown);
        foreach (var lines in shown)
        {
            Assert.All(lines, line => Assert.True(line.Length <= 120, line));
            Assert.True(lines is ["True" or "False"] || (lines.Count > 2 && lines[1].All(character => character is '-' or ' ')), string.Join('\n', lines));
        }
    }

    [Theory]
    [InlineData("Get-DalpTopology $topology | Test-DalpStandby -Check ApiReachable")]
    [InlineData("Get-DalpTopology $topology | Get-DalpReplicationLag")]
    [InlineData("Get-DalpTopology $topology | Watch-DalpReplicationLag -Count 1")]
    [InlineData("Get-DalpTopology $topology | Test-DalpTopology")]
    [InlineData("Get-DalpTopology $topology | Use-DalpTopology -PassThru")]
    [InlineData("$topology | Test-DalpStandby -Check ApiReachable")]
    [InlineData("$topology | Test-DalpTopology")]
    [InlineData("[IO.FileInfo]$topology | Get-DalpTopology")]
    [InlineData("[IO.FileInfo]$topology | Test-DalpTopology")]
    [InlineData("[IO.FileInfo]$topology | Use-DalpTopology -PassThru")]
    [InlineData("[IO.FileInfo]$topology | Test-DalpStandby -Check ApiReachable")]
    [InlineData("Get-DalpLab | Get-DalpTopology")]
    [InlineData("Get-DalpLab | Test-DalpTopology")]
    [InlineData("Get-DalpLab | Use-DalpTopology -PassThru")]
    [InlineData("Get-DalpLab | Test-DalpStandby -Check ApiReachable")]
    [InlineData("Get-DalpLab | Get-DalpReplicationLag")]
    [InlineData("Get-DalpLab | Watch-DalpReplicationLag -Count 1")]
    [InlineData("Get-DalpLab | Get-DalpLab")]
    [InlineData("Get-DalpLab | Invoke-DalpLabFault MissingSecret | Invoke-DalpLabFault -Undo")]
    public void One_cmdlet_feeds_the_next(string pipeline)
    {
        var outcome = session.Script($"{pipeline}; Use-DalpTopology -Clear");
        Assert.True(outcome.Terminating is null && outcome.Errors.Count == 0, $"{outcome.Terminating} {string.Join('\n', outcome.Errors)}");
        Assert.NotEmpty(outcome.Output);
    }

    [Fact]
    public void A_lab_is_stopped_from_the_pipeline()
    {
        session.Module.Host.Lines.Clear();
        session.Script("Get-DalpLab | Stop-DalpLab -WhatIf");
        Assert.Contains(session.Module.Host.Lines, line => line.Contains("lab 'lab'", StringComparison.Ordinal));
    }

    // An example shows the cmdlet's own output when the cmdlet ends its last line as it is.
    private static Func<string, bool> IsOf(string command) => example => example.Trim().Split('\n')[^1].Split('|')[^1].TrimStart().StartsWith(command, StringComparison.Ordinal)
        || (example.Contains("Where-Object", StringComparison.Ordinal) && Workplace.Calls(example).SequenceEqual([command, "Where-Object"]));
}
