using CsCheck;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;

namespace DalpHa.Core.Tests.Failover;

/// <summary>
/// Whatever happens to both sites, and whenever, while one failover is begun and taken up again: some things must never be. A schedule that breaks one of
/// them is shrunk to the shortest that does.
/// </summary>
public sealed class FaultScheduleTests
{
    private const int Schedules = 100;

    // Of these the last two meet no fault.
    private const int MaxRuns = 6;

    [Theory]
    [InlineData(FailoverKind.Failover)]
    [InlineData(FailoverKind.Switchover)]
    public void Whatever_happens_nothing_is_promoted_beside_a_writer_nor_twice_and_a_success_is_one(FailoverKind kind)
    {
        var runs = 0;
        Gen.Select(Gen.Enum<Fault>(), Gen.Int[0, 25]).Array[1, 8].Sample(
            schedule => Interlocked.Add(ref runs, Play(kind, schedule)),
            iter: Schedules,
            threads: 2,
            print: schedule => string.Join(", ", schedule.Select(one => $"{one.Item1} after {one.Item2}")));
        TestContext.Current.TestOutputHelper!.WriteLine($"{Schedules} failovers with faults, of {runs} runs.");
        Assert.True(runs > Schedules, "No fault kept any failover from ending in one run.");
    }

    // Until it succeeds, which it must once nothing happens any more.
    private static int Play(FailoverKind kind, IReadOnlyList<(Fault Fault, int After)> schedule)
    {
        using var platform = kind.IsPlanned()
            ? new TestPlatform { Kind = kind }
            : new TestPlatform { ActiveIsGone = new Attestation("Head of Operations", "It is without power."), MaxDataLoss = TimeSpan.MaxValue };
        var weather = new Weather(platform, schedule);
        var seen = 0;
        platform.OnChange = () => RequireGates(platform, ref seen);
        string? id = null;
        for (var run = 1; run <= MaxRuns; run++)
        {
            if (run == MaxRuns - 1)
            {
                weather.Clear();
            }
            var isKnown = platform.Standby.Notes.Count > 0;
            id = isKnown ? id : $"20260601-120000-{run}";
            var failover = RunOnce(platform, weather, id!, isKnown, machine: run % 2 == 1 ? "laptop" : $"machine {run}");
            RequireJournals(platform);
            if (failover?.Outcome == FailoverOutcome.Succeeded)
            {
                // One that has gone down at the last look of all comes back as it was.
                platform.Active.SetDown(false);
                Assert.False(platform.Active.TakesWrites, "It tells a success while the active site takes writes, or would when it comes back.");
                Assert.Equal((false, false, 2), (platform.Standby.IsInRecovery, platform.Standby.IsReadOnly, platform.Standby.Timeline));
                return run;
            }
            Assert.True(run < MaxRuns, $"It does not end when nothing is in its way: {failover?.StoppedBecause}");
        }
        return MaxRuns;
    }

    private static DalpFailover? RunOnce(TestPlatform platform, Weather weather, string id, bool isKnown, string machine)
    {
        var (crash, stop) = weather.NewProcess();
        using (stop)
        {
            try
            {
                var process = platform.Process(crash, machine, takeOver: true);
                var running = isKnown ? process.ResumeAsync(id, null, stop.Token) : process.BeginAsync(id, TestPlatform.Declaration, null, stop.Token);
                return running.GetAwaiter().GetResult();
            }
            catch (Exception exception) when (exception is CrashException or DalpException or OperationCanceledException)
            {
                return null;
            }
        }
    }

    // What must hold at each change: whoever is not fenced is beside nobody that is promoted or started.
    private static void RequireGates(TestPlatform platform, ref int seen)
    {
        var east = platform.Standby.Changes;
        if (east.Count > seen)
        {
            seen = east.Count;
            Assert.False(platform.Active.TakesWrites, $"'{east[^1]}' was done at the standby while the active site takes writes.");
            Assert.False(platform.Kind.IsPlanned() && east[^1] == "promote" && platform.ToReceive + platform.ToReplay > 0, "It was promoted without all that the active site had, and that was planned.");
        }
        Assert.True(platform.Standby.Timeline <= 2, "It was promoted twice.");
    }

    private static void RequireJournals(TestPlatform platform)
    {
        foreach (var file in platform.Journals)
        {
            JournalFile.Read(file);
        }
    }

    /// <summary>What happens. A crash and a stop end the run; what the others do stays.</summary>
    private enum Fault
    {
        ActiveDown,
        ActiveUp,
        ActiveThawed,
        StandbyLags,
        StandbyIsLevel,
        StandbyDown,
        StandbyUp,
        PromotionStuck,
        PromotionFree,
        CopyRefused,
        CopyTaken,
        Crash,
        Stop,
    }

    /// <summary>
    /// Lets the faults come in their order, each when a process has reached for its site so many times since the one before it. A site that comes back unseen
    /// in the instant between the last look and the promotion is beyond any tool.
    /// </summary>
    private sealed class Weather
    {
        private readonly Lock turn = new();
        private readonly TestPlatform platform;
        private readonly Queue<(Fault Fault, int After)> coming;
        private int reached;
        private Crash crash = new();
        private CancellationTokenSource stop = new();

        public Weather(TestPlatform platform, IReadOnlyList<(Fault Fault, int After)> schedule)
        {
            this.platform = platform;
            coming = new Queue<(Fault, int)>(schedule);
            platform.Active.OnReached = () => Reach(isActive: true);
            platform.Standby.OnReached = () => Reach(isActive: false);
        }

        public (Crash Crash, CancellationTokenSource Stop) NewProcess() => (crash, stop) = (new Crash(), new CancellationTokenSource());

        public void Clear()
        {
            lock (turn)
            {
                coming.Clear();
            }
            platform.Active.SetDown(false);
            platform.Standby.SetDown(false);
            (platform.Standby.IsStuck, platform.Standby.RefusesNotes, platform.ToReceive) = (false, false, 0);
        }

        private void Reach(bool isActive)
        {
            Fault? due = null;
            lock (turn)
            {
                if (coming.TryPeek(out var next) && IsOf(next.Fault, isActive) && reached++ >= next.After)
                {
                    (due, reached) = (next.Fault, 0);
                    coming.Dequeue();
                }
            }
            if (due is { } fault)
            {
                Happen(fault);
            }
        }

        private static bool IsOf(Fault fault, bool isActive) => fault switch
        {
            Fault.ActiveDown or Fault.ActiveUp or Fault.ActiveThawed => isActive,
            Fault.Crash or Fault.Stop => true,
            _ => !isActive,
        };

        private void Happen(Fault fault)
        {
            switch (fault)
            {
                case Fault.ActiveDown or Fault.ActiveUp:
                    platform.Active.SetDown(fault == Fault.ActiveDown);
                    break;
                case Fault.ActiveThawed:
                    platform.Active.IsReadOnly = false;
                    break;
                // What it has received it does not lose again.
                case Fault.StandbyLags or Fault.StandbyIsLevel:
                    platform.ToReceive = fault == Fault.StandbyLags && platform.Active.TakesWrites ? 1UL : 0;
                    break;
                case Fault.StandbyDown or Fault.StandbyUp:
                    platform.Standby.SetDown(fault == Fault.StandbyDown);
                    break;
                case Fault.PromotionStuck or Fault.PromotionFree:
                    platform.Standby.IsStuck = fault == Fault.PromotionStuck;
                    break;
                case Fault.CopyRefused or Fault.CopyTaken:
                    platform.Standby.RefusesNotes = fault == Fault.CopyRefused;
                    break;
                case Fault.Crash:
                    crash.Die();
                    break;
                case Fault.Stop:
                    stop.Cancel();
                    break;
            }
        }
    }
}
