using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;

namespace DalpHa.Infrastructure.Tests.Lab;

/// <summary>Whole labs as processes of their own: what starts one, what ends one, and that nothing is left.</summary>
public sealed class LabLifecycleTests
{
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(15);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ALabThatIsStoppedLeavesNothing()
    {
        await using var house = new LabHouse();
        var steps = new List<LabProgress>();
        var record = await house.StartAsync(house.Settings("lab"), steps.Add);
        Assert.Equal(LabCondition.Running, (await house.Labs.LookAsync("lab", Token)).State);
        Assert.True(steps.Count > 2 && steps[^1].PercentComplete == 100);
        Assert.Equal(2, record.Children.Count(child => child.IsAlive()));

        var stopped = await house.Labs.StopAsync("lab", Token);

        Assert.Equal(LabCondition.Stopped, stopped.State);
        Assert.False(record.Process.IsAlive());
        Assert.DoesNotContain(record.Children, child => child.IsAlive());
        Assert.False(Directory.Exists(record.Folder));
        Assert.Empty(house.Registry.Names());
    }

    [Fact]
    public async Task AKilledLabTakesItsServersWithItAndTheNextStartCleansUp()
    {
        await using var house = new LabHouse();
        var first = await house.StartAsync(house.Settings("lab"));

        Assert.True(await first.Process.KillAsync(EndBound, Token));

        Assert.All(await Task.WhenAll(first.Children.Select(child => child.WaitForEndAsync(EndBound, Token))), Assert.True);
        Assert.Equal(LabCondition.Stale, (await house.Labs.LookAsync("lab", Token)).State);
        var second = await house.StartAsync(house.Settings("lab"));
        Assert.NotEqual(first.Process, second.Process);
        Assert.Equal(LabCondition.Running, (await house.Labs.LookAsync("lab", Token)).State);
    }

    [Fact]
    public async Task StoppingAKilledLabCleansUp()
    {
        await using var house = new LabHouse();
        var record = await house.StartAsync(house.Settings("lab"));
        Assert.True(await record.Process.KillAsync(EndBound, Token));

        await house.Labs.StopAsync("lab", Token);

        Assert.DoesNotContain(record.Children, child => child.IsAlive());
        Assert.False(Directory.Exists(record.Folder));
        Assert.Empty(house.Registry.Names());
    }

    [Fact]
    public async Task ALabEndsWithItsOwner()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a program that only waits.");
        await using var house = new LabHouse();
        using var owner = Process.Start("sleep", "300");
        var record = await house.StartAsync(house.Settings("lab") with { OwnerProcessId = owner.Id });

        owner.Kill();

        Assert.True(await record.Process.WaitForEndAsync(EndBound, Token));
        Assert.DoesNotContain(record.Children, child => child.IsAlive());
        Assert.False(Directory.Exists(record.Folder));
        Assert.Empty(house.Registry.Names());
    }

    [Fact]
    public async Task WhatIsInTheWayIsSaidAndNothingIsLeft()
    {
        await using var house = new LabHouse();
        var full = house.FolderOf("full");
        Directory.CreateDirectory(full);
        await File.WriteAllTextAsync(Path.Combine(full, "file"), "mine", Token);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var taken = ((IPEndPoint)listener.LocalEndpoint).Port;

        Assert.Equal("LabFolderNotEmpty", (await Refused(house, house.Settings("full"))).ErrorId);
        Assert.Equal("LabPortInUse", (await Refused(house, house.Settings("ports") with { Port = taken })).ErrorId);
        Assert.Equal("LabOwnerGone", (await Refused(house, house.Settings("owned") with { OwnerProcessId = int.MaxValue })).ErrorId);
        Assert.Equal("LabNotFound", (await Assert.ThrowsAsync<DalpException>(() => house.Labs.StopAsync("none", Token))).ErrorId);

        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(full, "file"), Token));
        Assert.False(Directory.Exists(house.FolderOf("ports")));
        Assert.Empty(house.Registry.Names());
    }

    private static Task<DalpException> Refused(LabHouse house, LabSettings settings) => Assert.ThrowsAsync<DalpException>(() => house.StartAsync(settings));
}
