using System.Collections;
using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Replication;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>A cmdlet that plans, runs or resumes a failover: what its people decide beforehand, and how the sites are opened.</summary>
public abstract class FailoverCommand : AsyncCommand
{
    /// <summary>
    /// Who vouches that an active site that can't be reached serves nobody, and how that person knows: <c>'name: statement'</c>. It counts only while the site does
    /// not answer.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ActiveIsGone { get; set; }

    /// <summary>The loss that is accepted, as the age of the oldest commit that may be lost. Without it the topology's RPO bounds it.</summary>
    [Parameter]
    [Duration(0, double.MaxValue)]
    public TimeSpan? MaxDataLoss { get; set; }

    /// <summary>Who logs in to the databases of both sites, to read and to change. Without it the topology says.</summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    public PSCredential? DatabaseCredential { get; set; }

    /// <summary>The bound on each request to a site, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSeconds { get; set; } = 10;

    /// <summary>What the sites are opened with.</summary>
    private protected FailoverSettings Settings(DalpTopology topology, DalpRunbook runbook, FailoverKind kind, CancellationToken cancellationToken) => new(topology, runbook)
    {
        Kind = kind,
        Login = FailoverInput.Login(DatabaseCredential),
        ActiveIsGone = ActiveIsGone is { } word ? FailoverInput.Parse(word) : null,
        MaxDataLoss = MaxDataLoss,
        Timeout = TimeSpan.FromSeconds(TimeoutSeconds),
        RunHookAsync = (path, purpose, _) => AskAsync(() => RunHook(path, purpose, topology, kind)).WaitAsync(cancellationToken),
    };

    /// <summary>Opens both sites.</summary>
    private protected FailoverSession Open(FailoverSettings settings, Action<ToldWrite>? tell, CancellationToken cancellationToken) => FailoverSession.Open(
        InfrastructureContext.Infrastructure, settings, new ReplicationMemory(ReplicationMemory.DefaultFolder, EmitWarning, keeps: tell is null), tell, TimeProvider.System, cancellationToken);

    // A hook runs in the operator's own session, with its modules and logins. What it writes is shown and not taken for an answer.
    private object? RunHook(string path, string purpose, DalpTopology topology, FailoverKind kind)
    {
        try
        {
            foreach (var line in InvokeCommand.InvokeScript("param($path, $facts) & $path @facts", false, System.Management.Automation.Runspaces.PipelineResultTypes.None, null, path, new Hashtable
            {
                ["Purpose"] = purpose,
                ["Topology"] = topology,
                ["Kind"] = kind.ToString(),
            }))
            {
                WriteVerbose($"{Path.GetFileName(path)}: {line}");
            }
            return null;
        }
        catch (RuntimeException exception)
        {
            throw new DalpException("HookFailed", FaultKind.LocalResource, $"The hook '{path}' failed: {exception.Message}", "Mend the script, and resume.", path, exception);
        }
    }
}
