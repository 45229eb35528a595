using DalpHa.Core.Failover;
using DalpHa.Core.Ports;

namespace DalpHa.Core.Tests.Failover;

/// <summary>
/// A transaction on the former primary that began as it was frozen, and may not have heard of it, is seen at the gate of the next step: in a planned hand-over that comes
/// within the second. Whoever is gone at the next look and has written nothing stops nobody.
/// </summary>
public sealed class PassingSessionTests : IDisposable
{
    private const string Id = "20260601-120000-abcd";
    private readonly TestPlatform platform = new() { Kind = FailoverKind.Switchover };
    private bool isThere;
    private DateTimeOffset until;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => platform.Dispose();

    [Fact]
    public async Task One_that_ends_while_it_is_looked_at_is_waited_for()
    {
        Comes(stays: TimeSpan.FromMilliseconds(500), writes: 0);
        var ended = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.True(isThere);
        Assert.True(ended.Outcome == FailoverOutcome.Succeeded, ended.StoppedBecause);
    }

    [Theory]
    [InlineData(500, 1UL, "something was written")]
    [InlineData(60_000, 0UL, "process 4711 (user postgres, application 'psql')")]
    public async Task One_that_writes_or_stays_stops_it(int milliseconds, ulong writes, string said)
    {
        Comes(TimeSpan.FromMilliseconds(milliseconds), writes);
        var before = platform.Time.GetUtcNow();
        var stopped = await platform.Process().BeginAsync(Id, TestPlatform.Declaration, null, Token);
        Assert.Equal("workloads", stopped.NextStep);
        Assert.StartsWith("ActiveFenced: may write", stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.Contains(said, stopped.StoppedBecause, StringComparison.Ordinal);
        Assert.DoesNotContain("scale dapi 2", platform.Standby.Changes);
        Assert.True(platform.Time.GetUtcNow() - before < TimeSpan.FromSeconds(30));
    }

    // After the last look of the step in which the standby was promoted.
    private void Comes(TimeSpan stays, ulong writes)
    {
        platform.Crew.OnEnded = step =>
        {
            if (step == "promote")
            {
                (isThere, until) = (true, platform.Time.GetUtcNow() + stays);
                platform.Active.LeftAlone.Add(new OpenTransaction(4711, "postgres", "psql", platform.Time.GetUtcNow(), IsOlder: true));
            }
        };
        platform.Active.OnReached = () =>
        {
            if (platform.Active.LeftAlone.Count > 0 && platform.Time.GetUtcNow() >= until)
            {
                platform.Active.LeftAlone.Clear();
                platform.Active.NextTransactionId += writes;
            }
        };
    }
}
