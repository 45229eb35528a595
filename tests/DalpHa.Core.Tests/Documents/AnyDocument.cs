using CsCheck;
using DalpHa.Core.Documents;

namespace DalpHa.Core.Tests.Documents;

/// <summary>Makes documents of any form, out of words that a file knows and of others.</summary>
internal static class AnyDocument
{
    private const int Depth = 6;

    /// <summary>Roots of documents.</summary>
    public static Gen<YamlNode> Of(string[] keys, string[] values)
    {
        var key = Gen.OneOf(Gen.Int[0, keys.Length - 1].Select(i => keys[i]), Gen.String[0, 8]);
        var scalar = Gen.Select(Gen.OneOf(Gen.Int[0, values.Length - 1].Select(i => values[i]), Gen.String[0, 12]), Gen.Bool, (v, plain) => (YamlNode)new YamlScalar(v, plain, 1, 1));
        return Gen.Recursive<YamlNode>((depth, inner) => depth >= Depth
            ? scalar
            : Gen.Frequency(
                (2, scalar),
                (1, inner.List[0, 3].Select(items => (YamlNode)new YamlSequence(items, 1, 1))),
                (4, Gen.Select(key, inner).List[0, 6].Select(entries => (YamlNode)new YamlMapping(
                    [.. entries.DistinctBy(e => e.Item1).Select(e => new YamlEntry(new YamlScalar(e.Item1, true, 1, 1), e.Item2))], 1, 1)))));
    }
}
