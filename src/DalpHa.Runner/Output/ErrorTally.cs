using System.Management.Automation;

namespace DalpHa.Runner.Output;

/// <summary>Counts the errors that reached the caller. PowerShell's own HadErrors also counts those that a script caught or silenced.</summary>
public sealed class ErrorTally
{
    /// <summary>Errors so far.</summary>
    public int Count { get; internal set; }
}

/// <summary>Passes everything through and counts the error records in it.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "RunnerError")]
public sealed class MeasureErrorCommand : PSCmdlet
{
    /// <summary>Where to count.</summary>
    [Parameter(Mandatory = true)]
    public ErrorTally Tally { get; set; } = null!;

    /// <summary>What flows through.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // A program's line on its standard error is no error: many show their progress there.
        if (InputObject?.BaseObject is ErrorRecord { FullyQualifiedErrorId: not ("NativeCommandError" or "NativeCommandErrorMessage") })
        {
            Tally.Count++;
        }
        WriteObject(InputObject);
    }
}
