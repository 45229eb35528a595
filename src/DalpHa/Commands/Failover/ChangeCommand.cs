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
    private string manifest = "";

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

    /// <inheritdoc/>
    protected override void BeginProcessing() => manifest = Path.Combine(MyInvocation.MyCommand.Module.ModuleBase, "DalpHa.psd1");

    /// <summary>What the sites are opened with.</summary>
    private protected FailoverSettings Settings(DalpTopology topology, DalpRunbook runbook, FailoverKind kind, CancellationToken cancellationToken) => new(topology, runbook)
    {
        Kind = kind,
        Login = FailoverInput.Login(DatabaseCredential),
        Timeout = TimeSpan.FromSeconds(TimeoutSeconds),
        RunHookAsync = (hook, bound) => new HookRun(Host, manifest, line => Quietly(() => EmitVerbose(line)), WarnQuietly)
            .RunAsync(hook.Path, Facts(hook, topology, kind), bound, cancellationToken),
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

    /// <summary>Warns as long as anybody looks.</summary>
    private protected void WarnQuietly(string text) => Quietly(() => EmitWarning(text));

    /// <summary>Shows something as long as anybody looks: what is under way when the operator asks to stop is seen through all the same.</summary>
    private protected static void Quietly(Action show)
    {
        try
        {
            show();
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private static Hashtable Facts(HookCall hook, DalpTopology topology, FailoverKind kind)
    {
        var facts = new Hashtable { ["Purpose"] = hook.Purpose, ["Topology"] = topology, ["Kind"] = kind.ToString() };
        foreach (var (name, value) in hook.Facts)
        {
            facts[name] = value;
        }
        return facts;
    }
}
