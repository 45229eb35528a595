using CsCheck;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Tests.Readiness;

public sealed class ImageReferenceTests
{
    private static readonly Gen<string> Word = Gen.Char["abcdefghij0123456789"].Array[1, 8].Select(letters => new string(letters));

    [Theory]
    [InlineData("nginx", "docker.io", "library/nginx", "latest", null)]
    [InlineData("nginx:1.27", "docker.io", "library/nginx", "1.27", null)]
    [InlineData("hyperledger/besu:24.1", "docker.io", "hyperledger/besu", "24.1", null)]
    [InlineData("index.docker.io/nginx", "docker.io", "library/nginx", "latest", null)]
    [InlineData("localhost/app", "localhost", "app", "latest", null)]
    [InlineData("mirror:5000/app", "mirror:5000", "app", "latest", null)]
    [InlineData("mirror:5000/team/app:2", "mirror:5000", "team/app", "2", null)]
    [InlineData("ghcr.io/dalp/app@sha256:ab", "ghcr.io", "dalp/app", null, "sha256:ab")]
    [InlineData("ghcr.io/dalp/app:1.2@sha256:ab", "ghcr.io", "dalp/app", "1.2", "sha256:ab")]
    public void Defaults_are_filled_in(string text, string registry, string repository, string? tag, string? digest) =>
        Assert.Equal(new ImageReference(registry, repository, tag, digest), ImageReference.Parse(text));

    [Fact]
    public void A_reference_written_out_reads_back_the_same() => Gen.Select(Word, Word, Word, Gen.Int[0, 3]).Sample((host, name, tag, shape) =>
    {
        var text = (shape % 2 == 0 ? "" : host + ".io:5000/team/") + name + (shape < 2 ? "" : ":" + tag) + (shape == 3 ? "@sha256:abcd" : "");
        var parsed = ImageReference.Parse(text);
        return ImageReference.Parse(parsed.ToString()) == parsed;
    });

    [Fact]
    public void Any_text_is_taken() => Gen.String.Sample(text => ImageReference.Parse(text) is not null);
}
