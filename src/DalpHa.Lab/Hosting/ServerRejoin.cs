using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Lab.Postgres;

namespace DalpHa.Lab.Hosting;

/// <summary>Makes a former primary of the lab the standby of the other, as somebody at its host would; where an operator looks after it, its Cluster is then one that was built anew.</summary>
/// <param name="regions">Both regions.</param>
/// <param name="databases">The database pair.</param>
/// <param name="changed">Is told afterwards: the server is another process by then.</param>
internal sealed class ServerRejoin(IReadOnlyList<Region> regions, PostgresPair databases, Action changed)
{
    private readonly SemaphoreSlim turn = new(1, 1);

    public async Task<LabRejoin> RunAsync(string name, CancellationToken cancellationToken)
    {
        var region = regions.FirstOrDefault(one => one.Database.Server.Name == name) ?? throw new DalpException(
            "LabServerUnknown", FaultKind.InvalidInput, $"The lab has no database server '{name}'.", $"Give one of {string.Join(", ", regions.Select(one => one.Database.Server.Name))}.", name);
        await turn.WaitAsync(cancellationToken);
        try
        {
            var method = RejoinMethod.Rewind;
            async Task RejoinAsync() => method = await new PairRejoin(databases).RejoinAsync(region.Database.Server, null, cancellationToken);
            await (region.Operator is { } running
                ? running.RebuildAsync(regions.First(other => other != region).Site, RejoinAsync, cancellationToken)
                : RejoinAsync());
            return new LabRejoin(name, method.ToString());
        }
        finally
        {
            changed();
            turn.Release();
        }
    }
}
