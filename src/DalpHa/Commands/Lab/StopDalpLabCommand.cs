using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Hosting;

namespace DalpHa.Commands.Lab;

/// <summary>Stops labs, and removes everything of them.</summary>
[Cmdlet(VerbsLifecycle.Stop, "DalpLab", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low, DefaultParameterSetName = "Name")]
[OutputType(typeof(DalpLab))]
public sealed class StopDalpLabCommand : AsyncCommand
{
    /// <summary>The names of labs; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LabNameCompleter))]
    public string[] Name { get; set; } = [LabSettings.DefaultName];

    /// <summary>Stops all labs of this user on this machine.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "All")]
    public SwitchParameter All { get; set; }

    /// <summary>Writes the labs that were stopped.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var registry = LabRegistry.Default;
        var labs = new Labs(registry);
        foreach (var name in All ? registry.Names() : LabNames.Expand(Name, registry))
        {
            if (!await AskAsync(() => ShouldProcess($"lab '{name}'", "Stop, and remove its data")))
            {
                continue;
            }
            try
            {
                var stopped = await labs.StopAsync(name, cancellationToken);
                if (PassThru)
                {
                    Emit(stopped);
                }
            }
            catch (DalpException exception)
            {
                EmitError(exception);
            }
        }
    }
}
