using System.Management.Automation;
using DalpHa.Core.Failover;

namespace DalpHa.Commands.Failover;

/// <summary>A step by hand that lets a site write, sign or serve: refused while a failover runs, unless a person says that it shall be.</summary>
public abstract class ReleasingStepCommand : StepCommand
{
    /// <summary>Who has it done beside a failover that runs, and why: <c>'name: statement'</c>. Only needed while one holds its lease.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? BesideFailover { get; set; }

    private protected override bool Releases => true;

    private protected override Attestation? BesideWord => BesideFailover is { } word ? FailoverInput.Parse(word) : null;
}
