using System.Management.Automation;
using DalpHa.Module.Tests.Operator;

namespace DalpHa.Module.Tests.Replication;

/// <summary>What an operator could recover from, on a lab: the replica with its position and loss, and what is said to be there and is not.</summary>
[Collection(nameof(LabCollection))]
public sealed class RecoveryPointTests(LabSession session)
{
    [Fact]
    public void The_replica_comes_first_and_what_can_not_be_used_says_why()
    {
        session.UntilWarm();
        var points = session.Script("Get-DalpRecoveryPoint $topology").Output;
        Assert.Equal(["postgresql-replica-1", "Replica", "Usable"], Texts(points[0], "Name", "Kind", "Status"));
        Assert.Matches("^[0-9A-F]+/[0-9A-F]+$", Texts(points[0], "Position")[0]);
        Assert.InRange((TimeSpan)points[0].Properties["LossTime"].Value, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        var velero = Assert.Single(points, point => Texts(point, "Kind")[0] == "PlatformBackup");
        Assert.Equal("NotUsable", Texts(velero, "Status")[0]);
        Assert.NotEmpty(Texts(velero, "Detail")[0]);
        Assert.Null(velero.Properties["LossTime"].Value);
    }

    [Fact]
    public void They_are_a_table_that_fits_120_columns_and_bind_to_what_filters_them()
    {
        session.UntilWarm();
        session.Script("");
        var lines = session.Module.Show("Get-DalpRecoveryPoint -Topology $topology -Verbose:$false").Where(line => line.Length > 0).ToList();
        Assert.True(lines.Count >= 4, string.Join('\n', lines));
        Assert.All(lines, line => Assert.True(line.Length <= 120, line));
        Assert.Single(session.Script("Get-DalpRecoveryPoint $topology | Where-Object Status -eq Usable").Output);
    }

    private static IReadOnlyList<string> Texts(PSObject item, params string[] names) =>
        [.. names.Select(name => Convert.ToString(item.Properties[name].Value, System.Globalization.CultureInfo.InvariantCulture) ?? "")];
}
