using System.Collections.Concurrent;

namespace DalpHa.Module.Tests.Operator;

/// <summary>Many runspaces of one process at once, as <c>ForEach-Object -Parallel</c> makes them: each has its own defaults and its own results.</summary>
[Collection(nameof(LabCollection))]
public sealed class RunspaceTests(LabSession session) : IDisposable
{
    private const int Runspaces = 8;
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-runspaces-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Each_keeps_its_own_default_topology()
    {
        AtOnce((number, module) =>
        {
            var file = Path.Combine(folder, $"{number}.yaml");
            module.Script("New-DalpTopology $file -Name $name; Use-DalpTopology $file", ("file", file), ("name", $"site-{number}")).Single();
            for (var again = 0; again < 5; again++)
            {
                // The scaffold names no server of the standby, and the error names the topology that was used.
                var outcome = module.Script("Get-DalpReplicationLag");
                var error = outcome.Terminating ?? Assert.Single(outcome.Errors);
                Assert.StartsWith("StandbyDatabaseMissing,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
                Assert.Equal($"site-{number}", error.TargetObject);
            }
        });
    }

    [Fact]
    public void Each_gets_all_of_its_own_findings()
    {
        session.UntilWarm();
        var alone = Findings(session.Module);
        AtOnce((_, module) => Assert.Equal(alone, Findings(module)));
    }

    private List<string> Findings(PackagedModule module) =>
    [
        .. module.Script("Test-DalpStandby $topology | Where-Object Check -notin ReplicationLag, ReplicationSlots | ForEach-Object { \"$($_.Check) $($_.Site) $($_.Target) $($_.Status)\" }", ("topology", session.Topology))
            .Output.Select(finding => finding.ToString()).Order(StringComparer.Ordinal),
    ];

    private static void AtOnce(Action<int, PackagedModule> work)
    {
        var failures = new ConcurrentQueue<Exception>();
        using var start = new Barrier(Runspaces);
        var threads = Enumerable.Range(1, Runspaces).Select(number => new Thread(() =>
        {
            try
            {
                using var module = new PackagedModule();
                start.SignalAndWait(TimeSpan.FromMinutes(1));
                work(number, module);
            }
            catch (Exception exception)
            {
                failures.Enqueue(exception);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (!failures.IsEmpty)
        {
            throw new AggregateException(failures);
        }
    }
}
