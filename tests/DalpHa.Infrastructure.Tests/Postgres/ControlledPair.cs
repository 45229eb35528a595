using DalpHa.Lab.Postgres;

namespace DalpHa.Infrastructure.Tests.Postgres;

/// <summary>One pair for the tests that leave it as they found it. Its administrator is no superuser.</summary>
public sealed class ControlledPair : IAsyncLifetime
{
    public PostgresPair Pair { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Pair = await PostgresPair.StartAsync(
        new PostgresPairOptions { Folder = PairFolder.New(), Settings = new Dictionary<string, string> { ["max_prepared_transactions"] = "5", ["autovacuum"] = "off" } },
        CancellationToken.None);

    public ValueTask DisposeAsync() => Pair.DisposeAsync();
}

[CollectionDefinition(nameof(ControlledPairCollection))]
public sealed class ControlledPairCollection : ICollectionFixture<ControlledPair>;
