using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Ports;
using DalpHa.Core.Tests.Readiness;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Failover;

/// <summary>Many actions look at one site: it is listed once for all of them, and each sees what was there after its own change.</summary>
public sealed class SharedLoadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly List<(TaskCompletionSource<IReadOnlyList<Pod>> Answer, CancellationToken Token)> lists = [];
    private readonly SharedLoad load;

    public SharedLoadTests() => load = new SharedLoad(new FailoverSite(
        new DalpSite { Role = SiteRole.Active, Name = "west", Cluster = new ClusterAddress("west"), Namespace = "dalp" }, Stub.Of<ICluster>(Answer), null, null, null, (_, _) => throw new NotSupportedException()));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_looks_at_the_same_time_shares_one_list_and_who_comes_later_gets_another()
    {
        var (first, second) = (load.ReadAsync(Token), load.ReadAsync(Token));
        lists.Single().Answer.SetResult([Given.Pod("dapp", 0)]);
        Assert.Single((await first.WaitAsync(Patience, Token)).Pods);
        Assert.Same(await first, await second.WaitAsync(Patience, Token));

        var third = load.ReadAsync(Token);
        Assert.Equal(2, lists.Count);
        lists[1].Answer.SetResult([]);
        Assert.Empty((await third.WaitAsync(Patience, Token)).Pods);
    }

    [Fact]
    public async Task Who_has_changed_something_is_not_told_what_was_there_before()
    {
        var before = load.ReadAsync(Token);
        load.Changed();
        var after = load.ReadAsync(Token);
        Assert.Equal(2, lists.Count);
        lists[1].Answer.SetResult([]);
        lists[0].Answer.SetResult([Given.Pod("dapp", 0)]);
        Assert.Single((await before.WaitAsync(Patience, Token)).Pods);
        Assert.Empty((await after.WaitAsync(Patience, Token)).Pods);
    }

    [Fact]
    public async Task Whose_time_is_over_leaves_the_others_theirs_and_the_last_ends_it()
    {
        using var early = new CancellationTokenSource();
        using var late = new CancellationTokenSource();
        var (hurried, patient) = (load.ReadAsync(early.Token), load.ReadAsync(late.Token));
        await early.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hurried.WaitAsync(Patience, Token));
        Assert.False(lists.Single().Token.IsCancellationRequested);
        Assert.False(patient.IsCompleted);

        await late.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patient.WaitAsync(Patience, Token));
        Assert.True(lists.Single().Token.IsCancellationRequested);
        Assert.Single(lists);
        _ = load.ReadAsync(Token);
        Assert.Equal(2, lists.Count);
    }

    [Fact]
    public async Task A_failure_is_everybodys()
    {
        var (first, second) = (load.ReadAsync(Token), load.ReadAsync(Token));
        lists.Single().Answer.SetException(new DalpException("ApiForbidden", FaultKind.Forbidden, "May not list pods.", "Grant it.", "pods"));
        Assert.Equal("ApiForbidden", (await Assert.ThrowsAsync<DalpException>(() => first.WaitAsync(Patience, Token))).ErrorId);
        Assert.Equal("ApiForbidden", (await Assert.ThrowsAsync<DalpException>(() => second.WaitAsync(Patience, Token))).ErrorId);
    }

    private object Answer(string method, object?[] arguments)
    {
        switch (method)
        {
            case nameof(ICluster.ListWorkloadsAsync):
                return Task.FromResult<IReadOnlyList<Workload>>([]);
            case nameof(ICluster.ListCronJobsAsync):
                return Task.FromResult<IReadOnlyList<CronJob>>([]);
            case nameof(ICluster.ListPodsAsync):
                var answer = new TaskCompletionSource<IReadOnlyList<Pod>>(TaskCreationOptions.RunContinuationsAsynchronously);
                var token = (CancellationToken)arguments[^1]!;
                token.Register(() => answer.TrySetCanceled(token));
                lists.Add((answer, token));
                return answer.Task;
            default:
                throw new NotSupportedException(method);
        }
    }
}
