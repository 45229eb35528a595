using CsCheck;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Tests.Topology;

public sealed class LabelSelectorTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "dapp", ["app.kubernetes.io/component"] = "api", ["tier"] = "" };

    [Theory]
    [InlineData("app=dapp", true)]
    [InlineData("app==dapp", true)]
    [InlineData("app = dapp", true)]
    [InlineData("app=dapi", false)]
    [InlineData("app!=dapi", true)]
    [InlineData("app!=dapp", false)]
    [InlineData("absent!=x", true)]
    [InlineData("app in (dapp,dapi)", true)]
    [InlineData("app in(dapp)", true)]
    [InlineData("app in (x, y)", false)]
    [InlineData("absent in (x)", false)]
    [InlineData("app notin (dapp)", false)]
    [InlineData("absent notin (x)", true)]
    [InlineData("app", true)]
    [InlineData("absent", false)]
    [InlineData("!app", false)]
    [InlineData("! absent", true)]
    [InlineData("tier=", true)]
    [InlineData("app=dapp,app.kubernetes.io/component in (api,rpc),!absent", true)]
    [InlineData("app=dapp,absent", false)]
    public void MeansWhatKubernetesMeans(string selector, bool matches) => Assert.Equal(matches, LabelSelector.Parse(selector).Matches(Labels));

    [Theory]
    [InlineData("")]
    [InlineData("app=dapp,")]
    [InlineData("=dapp")]
    [InlineData("app=a=b")]
    [InlineData("app===b")]
    [InlineData("app in dapp")]
    [InlineData("app in (dapp")]
    [InlineData("app=(dapp)")]
    [InlineData("app=two words")]
    [InlineData("two words")]
    [InlineData("-app=x")]
    [InlineData("app=-x")]
    [InlineData("!!app")]
    [InlineData("a/b/c=x")]
    public void RefusesWhatKubernetesRefuses(string selector) => Assert.Throws<FormatException>(() => LabelSelector.Parse(selector));

    [Fact]
    public void EveryTextIsASelectorOrAFormatException() => Gen.String[Gen.Char["ab=!,() inot/.-\t"], 0, 30].Sample(text =>
    {
        try
        {
            var selector = LabelSelector.Parse(text);
            selector.Matches(Labels);
            return selector.ToString() == text;
        }
        catch (FormatException)
        {
            return true;
        }
    });

    [Fact]
    public void NotInIsTheOppositeOfIn()
    {
        var word = Gen.String[Gen.Char["abc"], 1, 2];
        Gen.Select(word, word.List[1, 3], Gen.Dictionary(word, word)[0, 3]).Sample((key, values, labels) =>
        {
            var list = string.Join(",", values);
            return LabelSelector.Parse($"{key} in ({list})").Matches(labels) != LabelSelector.Parse($"{key} notin ({list})").Matches(labels);
        });
    }
}
