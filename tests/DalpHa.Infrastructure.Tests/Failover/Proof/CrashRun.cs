namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>A failover in whose middle a process is killed, or not, and which another takes up on another machine with nothing but the copy in the standby's cluster.</summary>
/// <param name="Moments">The moments of the first process.</param>
/// <param name="Killed">Where it was killed; empty when it was not.</param>
/// <param name="EndState">Both sites at the end.</param>
/// <param name="Actions">What was done, as far as it is done once.</param>
internal sealed record CrashRun(IReadOnlyList<WriteMoment> Moments, IReadOnlyList<WriteMoment> Killed, string EndState, IReadOnlyList<string> Actions)
{
    /// <summary>Plays it. What must hold of any run, with or without a death in it, is asserted here.</summary>
    /// <param name="scene">The sites.</param>
    /// <param name="isDeath">Whether the first process dies at a moment.</param>
    public static async Task<CrashRun> PlayAsync(FailoverScene scene, Func<WriteMoment, bool> isDeath)
    {
        List<WriteMoment> moments = [];
        List<WriteMoment> killed = [];
        await using var watch = new WriterWatch(scene.Pair);
        await using (var first = FailoverProcess.Start(scene.NewMachine(), FailoverScripts.Begin(scene)))
        {
            scene.Gates.OnMoment = async moment =>
            {
                lock (moments)
                {
                    moments.Add(moment);
                }
                if (isDeath(moment))
                {
                    scene.Gates.Shut();
                    killed.Add(moment);
                    await first.KillAsync();
                }
            };
            var ended = await first.EndAsync();
            Assert.True(killed.Count > 0 || ended.Code == 0, ended.Output + ended.Errors);
        }
        scene.Gates.Open();
        await using (var second = FailoverProcess.Start(scene.NewMachine(), FailoverScripts.TakeOver(scene)))
        {
            var ended = await second.EndAsync();
            Assert.True(ended.Code == 0, $"killed at {string.Join(", ", killed)}: {ended.Output}{ended.Errors}");
            Assert.Equal("Succeeded", ended.Failover.GetProperty("Outcome").GetString());
        }
        var kept = await watch.EndAsync(scene.Pair);
        Assert.Equal(0, watch.Both);
        Assert.True(watch.East > 0, "The promoted server took no write of the watch.");
        Assert.True(kept == watch.West, $"{watch.West} commits of the former primary, and the promoted one has {kept}.");
        return new CrashRun(moments, killed, await scene.DescribeAsync(), ActionsOf(scene.Gates));
    }

    // The freeze of a database says what shall be, and may be said again when its process dies in the middle of it. Nothing else is done twice.
    private static List<string> ActionsOf(WriteGates gates)
    {
        var actions = gates.Done.Where(write => !write.Contains("configmaps", StringComparison.Ordinal) && !write.Contains("leases", StringComparison.Ordinal)).ToList();
        string[] mayRepeat = ["ALTER SYSTEM SET", "pg_reload_conf", "pg_terminate_backend"];
        return [.. actions.Where(action => !mayRepeat.Any(action.Contains)).Concat(actions.Where(action => action.Contains("ALTER SYSTEM SET", StringComparison.Ordinal)).Distinct()).Order(StringComparer.Ordinal)];
    }
}
