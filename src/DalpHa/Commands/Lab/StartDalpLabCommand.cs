using System.Management.Automation;
using DalpHa.Core.Lab;
using DalpHa.Hosting;

namespace DalpHa.Commands.Lab;

/// <summary>Starts a lab: two regions of the platform on this machine.</summary>
[Cmdlet(VerbsLifecycle.Start, "DalpLab", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(DalpLab))]
public sealed class StartDalpLabCommand : AsyncCommand
{
    /// <summary>The lab's name.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = LabSettings.DefaultName;

    /// <summary>The folder for everything of it; it must be empty or absent, and goes with the lab.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The first of five ports on 127.0.0.1; without it free ones are taken.</summary>
    [Parameter]
    [ValidateRange(1, 65531)]
    public int Port { get; set; }

    /// <summary>Transactions per second that the platform commits on a site whose database takes writes.</summary>
    [Parameter]
    [ValidateRange(0, 1000)]
    public int WriteLoad { get; set; }

    /// <summary>How many seconds the platform's pods take from their start until they are ready.</summary>
    [Parameter]
    [ValidateRange(0, 600)]
    public int ReadyAfterSeconds { get; set; }

    /// <summary>What stands behind the two Kubernetes APIs.</summary>
    [Parameter]
    public LabApiServer ApiServer { get; set; }

    /// <summary>Who looks after the database servers.</summary>
    [Parameter]
    public LabDatabaseKind Database { get; set; }

    /// <summary>Ends the lab with this PowerShell process, however that ends.</summary>
    [Parameter]
    public SwitchParameter StopWithSession { get; set; }

    /// <summary>The bound on the start, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSeconds { get; set; } = 90;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        LabSettings.ValidateName(Name);
        var registry = LabRegistry.Default;
        var settings = new LabSettings
        {
            Name = Name,
            Folder = Path is null ? registry.FolderOf(Name) : await AskAsync(() => PowerShellPath.Resolve(this, Path)),
            Port = Port,
            WriteLoad = WriteLoad,
            ReadyAfter = ReadyAfterSeconds,
            ApiServer = ApiServer,
            Database = Database,
            OwnerProcessId = StopWithSession ? Environment.ProcessId : 0,
        };
        if (!await AskAsync(() => ShouldProcess($"lab '{Name}' in {settings.Folder}", "Start")))
        {
            return;
        }
        var record = await new LabLauncher(LabProgram.Path, registry).StartAsync(settings, Show, TimeSpan.FromSeconds(TimeoutSeconds), cancellationToken);
        EmitProgress(new ProgressRecord(0, Activity, "Up") { RecordType = ProgressRecordType.Completed });
        Emit(await new Labs(registry).LookAsync(record.Name, cancellationToken));
    }

    private string Activity => $"Starting lab '{Name}'";

    private void Show(LabProgress said) => EmitProgress(new ProgressRecord(0, Activity, said.Step ?? "…") { PercentComplete = said.PercentComplete });
}
