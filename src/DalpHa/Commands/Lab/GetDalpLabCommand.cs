using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Hosting;

namespace DalpHa.Commands.Lab;

/// <summary>Gets the labs of this user on this machine.</summary>
[Cmdlet(VerbsCommon.Get, "DalpLab")]
[OutputType(typeof(DalpLab))]
public sealed class GetDalpLabCommand : AsyncCommand
{
    /// <summary>The names of labs; wildcards are allowed. Without it all are shown.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LabNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var registry = LabRegistry.Default;
        var labs = new Labs(registry);
        foreach (var name in LabNames.Expand(Name, registry))
        {
            try
            {
                Emit(await labs.LookAsync(name, cancellationToken));
            }
            catch (DalpException exception)
            {
                EmitError(exception);
            }
        }
    }
}
