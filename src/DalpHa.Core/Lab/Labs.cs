using DalpHa.Core.Errors;

namespace DalpHa.Core.Lab;

/// <summary>What a session does with labs that are there: look at them, command them, end them.</summary>
/// <param name="registry">Where labs are recorded.</param>
public sealed class Labs(LabRegistry registry)
{
    private static readonly TimeSpan StatusBound = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(30);

    /// <summary>Looks at a lab.</summary>
    /// <exception cref="DalpException">There is none of that name, or its record can't be read.</exception>
    public async Task<DalpLab> LookAsync(string name, CancellationToken cancellationToken)
    {
        var record = Find(name);
        if (!record.Process.IsAlive())
        {
            return DalpLab.From(record, LabCondition.Stale);
        }
        if (!record.IsReady)
        {
            return DalpLab.From(record, LabCondition.Starting);
        }
        try
        {
            using var client = new LabClient(record, StatusBound);
            return DalpLab.From(record, LabCondition.Running, await client.GetStatusAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (DalpException)
        {
            return DalpLab.From(record, LabCondition.NotAnswering);
        }
    }

    /// <summary>A client of a lab that runs.</summary>
    /// <param name="name">The lab.</param>
    /// <param name="timeout">The bound on each request.</param>
    /// <exception cref="DalpException">There is none of that name, it is still starting, or its process is gone.</exception>
    public LabClient Open(string name, TimeSpan timeout)
    {
        var record = Find(name);
        return record.Process.IsAlive()
            ? new LabClient(record, timeout)
            : throw new DalpException("LabStale", FaultKind.Unavailable, $"The process of lab '{name}' is gone.", $"Clean up with Stop-DalpLab -Name {name}, and start it again.", name);
    }

    /// <summary>Ends a lab: in order when it answers, by force when it does not, and cleans up after it either way.</summary>
    /// <returns>The lab as it was, stopped.</returns>
    /// <exception cref="DalpException">There is none of that name, or something of it could not be ended or removed.</exception>
    public async Task<DalpLab> StopAsync(string name, CancellationToken cancellationToken)
    {
        var record = Find(name);
        if (await AskToStopAsync(record, cancellationToken).ConfigureAwait(false))
        {
            await record.Process.WaitForEndAsync(EndBound, cancellationToken).ConfigureAwait(false);
        }
        if (!await record.Process.KillAsync(EndBound, cancellationToken).ConfigureAwait(false))
        {
            throw new DalpException(
                "LabProcessLeft", FaultKind.LocalResource, $"The process {record.Process.Id} of lab '{name}' could not be ended.", "Stop the lab as the user who started it.", name);
        }
        // A lab that ended in order has removed its own record; what is left is of one that did not. Read again: it may have changed on the way.
        if (registry.Read(name) is { } left && left.Process == record.Process)
        {
            await registry.CleanAsync(left, cancellationToken).ConfigureAwait(false);
        }
        return DalpLab.From(record, LabCondition.Stopped);
    }

    private static async Task<bool> AskToStopAsync(LabRecord record, CancellationToken cancellationToken)
    {
        if (record.Control is null || !record.Process.IsAlive())
        {
            return false;
        }
        try
        {
            using var client = new LabClient(record, StatusBound);
            await client.StopAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (DalpException)
        {
            return false;
        }
    }

    private LabRecord Find(string name) => registry.Read(name) ?? throw NotFound(name);

    private DalpException NotFound(string name)
    {
        var names = registry.Names();
        return new DalpException(
            "LabNotFound",
            FaultKind.NotFound,
            $"There is no lab named '{name}'.",
            names.Count == 0 ? "Start one with Start-DalpLab." : $"There is: {string.Join(", ", names)}. Start another with Start-DalpLab.",
            name);
    }
}
