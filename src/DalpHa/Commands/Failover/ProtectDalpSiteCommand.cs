using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>Isolates a site: all of the platform is stopped there, its routes are closed, its database is fenced. The site itself keeps that, through a loss of power too.</summary>
[Cmdlet(VerbsSecurity.Protect, "DalpSite", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(DalpActionResult))]
public sealed class ProtectDalpSiteCommand : StepCommand
{
    /// <summary>The site that is isolated.</summary>
    [Parameter(Mandatory = true)]
    public SiteRole Site { get; set; }

    /// <summary>The CloudNativePG Cluster of that site, which is fenced too.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? PostgresCluster { get; set; }

    /// <summary>For the active site: who vouches that what of it can't be reached serves nobody, and how that person knows: <c>'name: statement'</c>. It counts only while that does not answer.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ActiveIsGone { get; set; }

    /// <summary>Waits for a site that does not answer, and isolates it as soon as it does. Asks once, beforehand.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait for it.</summary>
    [Parameter]
    [Duration(1, double.MaxValue)]
    public TimeSpan WaitTimeout { get; set; } = TimeSpan.FromDays(1);

    private protected override string? WayBack => $"Unprotect-DalpSite -Site {Site}{(PostgresCluster is null ? "" : $" -PostgresCluster {PostgresCluster}")}";

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var topology = await FindTopologyAsync().ConfigureAwait(false);
        var settings = Settings(topology, HandRunbook.Of(ActionTimeout, FailoverInput.DatabaseOf(PostgresCluster)), FailoverKind.Failover, cancellationToken) with { ActiveIsGone = ReadWord() };
        if (!Wait)
        {
            await RunStepAsync(settings, Site, new IsolateStep(), cancellationToken).ConfigureAwait(false);
            return;
        }
        var name = (Site == SiteRole.Active ? topology.Active : topology.Standby).Name;
        if (await AskAsync(() => ShouldProcess(name, "Isolate it as soon as it answers")).ConfigureAwait(false))
        {
            AsksForEach = false;
            var session = Open(settings, null, cancellationToken);
            await using (session.ConfigureAwait(false))
            {
                var journal = JournalOf(session);
                await using var written = journal.ConfigureAwait(false);
                await new SiteWatch(session.World.Facing(Site), this, ActionTimeout, journal).IsolateAsync(WaitTimeout, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // A word for the one site is none for the other.
    private Attestation? ReadWord() => (ActiveIsGone, Site) switch
    {
        (null, _) => null,
        // Who waits for a site to come back waits for all of it: what is silent now may come up a minute after the rest.
        ({ }, _) when Wait => throw new DalpException(
            "AttestationWhileWaiting", FaultKind.InvalidInput, "-ActiveIsGone vouches for what stays silent, and -Wait stands by until it answers.", "Give one of them: -Wait, until all of the site is isolated.", Site),
        ({ } word, SiteRole.Active) => FailoverInput.Parse(word),
        _ => throw new DalpException(
            "AttestationOfOtherSite", FaultKind.InvalidInput, "-ActiveIsGone vouches for the active site, and the standby is to be isolated.", "Leave it out: nobody can vouch for a standby here.", Site),
    };
}
