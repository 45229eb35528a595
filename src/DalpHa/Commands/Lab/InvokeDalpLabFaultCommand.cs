using System.Management.Automation;
using DalpHa.Core.Lab;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Lab;

/// <summary>Injects a fault into a lab, or takes it back. It reaches nothing but a lab's own control endpoint.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "DalpLabFault", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(DalpLabFault))]
public sealed class InvokeDalpLabFaultCommand : AsyncCommand
{
    /// <summary>The fault.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    public LabFault Name { get; set; }

    /// <summary>The site; without it the standby, for a fault of a whole region the active one. Faults of the database pair belong to the standby.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    public SiteRole? Site { get; set; }

    /// <summary>The lab: its name, or what Get-DalpLab gave. A fault that was injected before brings its lab along.</summary>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(LabNameCompleter))]
    public PSObject Lab { get; set; } = PSObject.AsPSObject(LabSettings.DefaultName);

    /// <summary>How long a slow promotion takes, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 600)]
    public int Seconds { get; set; } = 10;

    /// <summary>Takes the fault back.</summary>
    [Parameter]
    public SwitchParameter Undo { get; set; }

    /// <summary>The bound on the request, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSeconds { get; set; } = 60;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var lab = NameOf(Lab.BaseObject);
        if (!await AskAsync(() => ShouldProcess($"lab '{lab}', {LabFaults.SiteOf(Name, Site)} site", Undo ? $"Undo fault {Name}" : $"Inject fault {Name}: {LabFaults.Describe(Name)}")))
        {
            return;
        }
        using var client = new Labs(LabRegistry.Default).Open(lab, TimeSpan.FromSeconds(TimeoutSeconds));
        Emit(Undo ? await client.UndoAsync(Name, Site, cancellationToken) : await client.InjectAsync(Name, Site, cancellationToken, Seconds));
    }

    private static string NameOf(object lab) => lab switch
    {
        DalpLab found => found.Name,
        DalpLabFault fault => fault.Lab,
        _ => lab.ToString() ?? "",
    };
}
