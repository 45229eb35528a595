using System.Text.Json;
using DalpHa.Infrastructure.Tests.Webhooks;

namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>A managed database, which its provider promotes when he is asked: a script of the runbook's asks, and the server itself shows what came of it.</summary>
[Collection(nameof(FailoverHouse))]
public sealed class HookPromotionTests(FailoverHouse house)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(200)]
    // His answer may be lost, or wrong.
    [InlineData(500)]
    public async Task What_the_provider_promoted_is_promoted_whatever_he_answers(int answer)
    {
        await house.ResetAsync();
        await using var watch = new WriterWatch(house.Pair);
        var writtenWhenAsked = new List<bool>();
        await using var provider = await LoopbackService.StartAsync(async context =>
        {
            var before = watch.West;
            await Task.Delay(TimeSpan.FromMilliseconds(200), Token);
            writtenWhenAsked.Add(watch.West > before);
            await house.Pair.PromoteAsync(Token);
            context.Response.StatusCode = answer;
        });

        var failover = await RunAsync(FailoverScripts.Begin(house), Runbook(provider.Address, "5m"));

        Assert.True(failover.GetProperty("Outcome").GetString() == "Succeeded", failover.ToString());
        Assert.Equal(("POST", "/promote/postgresql-replica-1?kind=Failover"), Assert.Single(provider.Requests.Select(request => (request.Method, request.Path))));
        Assert.Equal([false], writtenWhenAsked);
        Assert.True(watch.East > 0);
        Assert.Equal(0, watch.Both);
        Assert.DoesNotContain(house.Gates.Done, write => write.Contains("pg_promote", StringComparison.Ordinal));
        Assert.Equal(watch.West, await watch.EndAsync(house.Pair));
    }

    [Fact]
    public async Task What_the_provider_only_says_he_did_is_not_believed_and_he_is_asked_again()
    {
        await house.ResetAsync();
        await using var watch = new WriterWatch(house.Pair);
        await using var provider = await LoopbackService.StartAsync(_ => Task.CompletedTask);
        var runbook = Runbook(provider.Address, "3s");

        var stopped = await RunAsync(FailoverScripts.Begin(house), runbook);

        Assert.Equal(("promote", "Incomplete"), (stopped.GetProperty("NextStep").GetString(), stopped.GetProperty("Outcome").GetString()));
        Assert.Contains("It is in recovery.", stopped.GetProperty("StoppedBecause").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(house.Gates.Done, write => write.StartsWith("east PATCH", StringComparison.Ordinal));
        Assert.Equal(0, watch.East);

        await using var another = await LoopbackService.StartAsync(_ => house.Pair.PromoteAsync(Token));
        var ended = await RunAsync(FailoverScripts.Resume(house), Runbook(another.Address, "5m"));
        Assert.True(ended.GetProperty("Outcome").GetString() == "Succeeded", ended.ToString());
        Assert.Single(another.Requests);
        Assert.Equal(0, watch.Both);
    }

    private async Task<JsonElement> RunAsync(string script, string runbook)
    {
        await using var process = FailoverProcess.Start(house.NewMachine(), script.Replace($"'{house.Runbook}'", $"'{runbook}'", StringComparison.Ordinal));
        return (await process.EndAsync()).Failover;
    }

    private string Runbook(Uri provider, string timeout)
    {
        var folder = Path.GetDirectoryName(house.Runbook)!;
        File.WriteAllText(Path.Combine(folder, "promote.ps1"), $$"""
            param($Purpose, $Topology, $Kind)
            $client = [Net.Http.HttpClient]::new()
            $answer = $client.PostAsync("{{provider}}$Purpose/$($Topology.Standby.Database.Servers[0].Name)?kind=$Kind", $null).GetAwaiter().GetResult()
            [void]$answer.EnsureSuccessStatusCode()
            """);
        var runbook = Path.Combine(folder, "managed.yaml");
        var text = File.ReadAllText(house.Runbook);
        Assert.Contains("method: selfRun\n", text, StringComparison.Ordinal);
        Assert.Contains("timeout: 5m\n", text, StringComparison.Ordinal);
        File.WriteAllText(runbook, text
            .Replace("method: selfRun\n", "method: hook\n  hook: ./promote.ps1\n", StringComparison.Ordinal)
            .Replace("timeout: 5m\n", $"timeout: {timeout}\n", StringComparison.Ordinal));
        return runbook;
    }
}
