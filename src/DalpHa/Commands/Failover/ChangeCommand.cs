using System.Collections;
using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Replication;
using DalpHa.Core.Simulation;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Commands.Failover;

/// <summary>A cmdlet that changes the sites, or rehearses that: how they are opened, and how what would be written is told.</summary>
public abstract class ChangeCommand : AsyncCommand
{
    /// <summary>Who logs in to the databases of both sites, to read and to change. Without it the topology says.</summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    public PSCredential? DatabaseCredential { get; set; }

    /// <summary>The bound on each request to a site, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSeconds { get; set; } = 10;

    /// <summary>Whether it is only to be told what would be done. Call it on the pipeline thread.</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given)
        ? LanguagePrimitives.IsTrue(given)
        : LanguagePrimitives.IsTrue(SessionState.PSVariable.GetValue("WhatIfPreference"));

    /// <summary>What the sites are opened with.</summary>
    private protected FailoverSettings Settings(DalpTopology topology, DalpRunbook runbook, FailoverKind kind, CancellationToken cancellationToken) => new(topology, runbook)
    {
        Kind = kind,
        Login = FailoverInput.Login(DatabaseCredential),
        Timeout = TimeSpan.FromSeconds(TimeoutSeconds),
        RunHookAsync = (hook, _) => AskAsync(() => RunHook(hook, topology, kind)).WaitAsync(cancellationToken),
    };

    /// <summary>Opens both sites.</summary>
    private protected FailoverSession Open(FailoverSettings settings, Action<ToldWrite>? tell, CancellationToken cancellationToken) => FailoverSession.Open(
        InfrastructureContext.Infrastructure, settings, new ReplicationMemory(ReplicationMemory.DefaultFolder, EmitWarning, keeps: tell is null), tell, TimeProvider.System, cancellationToken);

    /// <summary>Says of each write what it would be, in their order: ShouldProcess says it, and answers no.</summary>
    private protected async Task TellAsync(IEnumerable<ToldWrite> writes)
    {
        foreach (var write in writes)
        {
            await AskAsync(() => ShouldProcess($"{write.Where} {write.Target}", write.Statement)).ConfigureAwait(false);
        }
    }

    // A hook runs in the operator's own session, with its modules and logins. What it writes is shown and not taken for an answer.
    private object? RunHook(HookCall hook, DalpTopology topology, FailoverKind kind)
    {
        var path = hook.Path;
        var facts = new Hashtable { ["Purpose"] = hook.Purpose, ["Topology"] = topology, ["Kind"] = kind.ToString() };
        foreach (var (name, value) in hook.Facts)
        {
            facts[name] = value;
        }
        try
        {
            foreach (var line in InvokeCommand.InvokeScript("param($path, $facts) & $path @facts", false, System.Management.Automation.Runspaces.PipelineResultTypes.None, null, path, facts))
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
