using System.Management.Automation;
using DalpHa.Core.Failover;

namespace DalpHa.Commands.Failover;

/// <summary>A step by hand that lets a site write, sign or serve again, and so rests on the other one not doing so.</summary>
public abstract class GatedStepCommand : ReleasingStepCommand
{
    /// <summary>
    /// Who vouches that the other site, which can't be reached, neither writes nor signs, and how that person knows: <c>'name: statement'</c>. It counts only while
    /// that site does not answer.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OtherIsFenced { get; set; }

    private protected override Attestation? OtherSitesWord => OtherIsFenced is { } word ? FailoverInput.Parse(word) : null;
}
