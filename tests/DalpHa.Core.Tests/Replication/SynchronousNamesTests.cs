using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Replication;

public sealed class SynchronousNamesTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "east", true)]
    [InlineData("   ", "", true)]
    [InlineData("east", "", false)]
    [InlineData("east", "west", false)]
    [InlineData("east", "west,EAST", true)]
    [InlineData("*", "", false)]
    [InlineData("*", "whoever", true)]
    [InlineData("east, west", "west", true)]
    [InlineData("FIRST 2 (east, west, north)", "east", false)]
    [InlineData("first 2 (east, west, north)", "east,north", true)]
    [InlineData("ANY 1 (east,west)", "west", true)]
    [InlineData(" ANY 2 ( * ) ", "one", false)]
    [InlineData("2(east, west)", "east,west", true)]
    [InlineData("2 (east, west)", "east,south", false)]
    [InlineData("\"a, b\", \"say \"\"c\"\"\"", "a, b", true)]
    [InlineData("\"say \"\"c\"\"\"", "say \"c\"", true)]
    [InlineData("\"a, b\"", "a", false)]
    public void A_commit_returns_when_enough_of_those_that_are_named_stream(string setting, string attached, bool returns) =>
        Assert.Equal(returns, SynchronousNames.Parse(setting).AreServedBy(attached is "a, b" ? [attached] : attached.Split(',', StringSplitOptions.RemoveEmptyEntries)));
}
