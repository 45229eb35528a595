using DalpHa.Core.Readiness;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;
using DalpHa.Infrastructure.Tests.Postgres;

namespace DalpHa.Infrastructure.Tests.Replication;

/// <summary>Lag as it is told of pairs that do not come back from what happened, or were made otherwise.</summary>
public sealed class SeparatedPairTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_primaries_fail_loudly()
    {
        await using var test = await StreamingPair.StartAsync();
        await test.WaitAsync(CheckStatus.Pass);
        await test.Pair.PromoteAsync(Token);
        var lag = await test.MeasureAsync();
        Assert.Equal(CheckStatus.Fail, lag.Status);
        Assert.Contains("Two primaries", lag.Detail, StringComparison.Ordinal);
        Assert.Null(lag.LagTime);
    }

    [Fact]
    public async Task A_standby_of_another_system_is_told()
    {
        await using var test = await StreamingPair.StartAsync();
        await using var other = await StreamingPair.StartAsync();
        var stranger = new DatabaseServerSettings { Name = "stranger", Host = "127.0.0.1", Port = other.Pair.Standby.Port };
        var login = new DatabaseLogin("postgres", test.Pair.Passwords.Superuser);
        await other.Pair.Primary.ExecuteAsync($"ALTER ROLE postgres PASSWORD '{login.Password}'", Token);
        await Poll.UntilAsync(
            async () =>
            {
                await using var probe = test.NewProbe(stranger, login);
                var lag = Assert.Single(await probe.MeasureAsync(Token));
                return lag.Status == CheckStatus.Fail && lag.LagBytes is null && lag.Detail.Contains("not a standby of", StringComparison.Ordinal);
            },
            TimeSpan.FromSeconds(10),
            "the stranger is told");
    }

    [Fact]
    public async Task A_standby_on_its_archive_alone_is_seen_as_that()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The archive commands are a shell's.");
        await using var test = await StreamingPair.StartAsync(archive: true);
        await test.WaitAsync(CheckStatus.Pass);
        test.Pair.CutLink(silently: false);
        await test.CommitAsync();
        await test.Pair.Primary.ExecuteAsync("SELECT pg_switch_wal()", Token);
        var lag = await test.WaitAsync(lag => lag.Link == ReplicationLink.Archive && lag.ArchiveAge is not null);
        Assert.NotEqual(CheckStatus.Pass, lag.Status);
        Assert.InRange(lag.ArchiveAge!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }
}
