using System.Diagnostics;
using System.Text;
using DalpHa.Core.Documents;
using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Configuration;

namespace DalpHa.Infrastructure.Tests.Topology;

/// <summary>Hostile and broken files: each gets one clear answer, at once.</summary>
public sealed class YamlReaderTests : IDisposable
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(5);
    private readonly string folder = Directory.CreateTempSubdirectory("dalpha-yaml-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("a: [b", 1, "YamlSyntax")]
    [InlineData("a: b\n c: d", 2, "YamlSyntax")]
    [InlineData("a:\n\tb: c", 2, "TabIndentation")]
    [InlineData("a: &x 1\nb: *x", 1, "AnchorNotAllowed")]
    [InlineData("a: !!int 1", 1, "TagNotAllowed")]
    [InlineData("a: 1\n---\nb: 2", 2, "SeveralDocuments")]
    [InlineData("a: 1\na: 2", 2, "DuplicateKey")]
    [InlineData("? [a]\n: 1", 1, "KeyNotText")]
    [InlineData("a: \"\\xZZ\"", 1, "YamlSyntax")]
    [InlineData("a: b\0c", 1, "NotText")]
    public async Task TellsWhatIsWrongAndWhere(string text, int line, string errorId)
    {
        var document = await ReadAsync(Encoding.UTF8.GetBytes(text));
        Assert.Equal((line, errorId), (document.SyntaxErrors[0].Line, document.SyntaxErrors[0].ErrorId));
        Assert.True(document.SyntaxErrors[0].Column > 0);
    }

    [Theory]
    [InlineData("\uFEFFa: 1\nb: 2\n")]
    [InlineData("a: 1\r\nb: 2\r\n")]
    [InlineData("%YAML 1.2\n---\na: 1\nb: 2\n...\n")]
    public async Task ReadsByteOrderMarkWindowsLinesAndDocumentMarkers(string text)
    {
        var document = await ReadAsync(Encoding.UTF8.GetBytes(text));
        Assert.Empty(document.SyntaxErrors);
        var entries = Assert.IsType<YamlMapping>(document.Root).Entries;
        Assert.Equal(["a=1", "b=2"], entries.Select(e => $"{e.Key.Value}={((YamlScalar)e.Value).Value}"));
        Assert.Equal(1, entries[0].Key.Column);
    }

    [Fact]
    public async Task ABombIsRefusedAtItsFirstAlias()
    {
        var bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 20).Select(i => $"{(char)('a' + i)}: &{(char)('a' + i)} [*{(char)('a' + i - 1)},*{(char)('a' + i - 1)}]\n"));
        Assert.Contains((await ReadAsync(Encoding.UTF8.GetBytes(bomb))).SyntaxErrors, d => d is { ErrorId: "AliasNotAllowed", Line: 2 });
    }

    [Theory]
    [InlineData("[", 500_000)]
    [InlineData("{a: ", 200_000)]
    [InlineData("- ", 400_000)]
    [InlineData("- x\n", 250_000)]
    [InlineData("? ", 400_000)]
    [InlineData("a", 1_000_000)]
    [InlineData("\"", 1_000_000)]
    public async Task ALargeStrangeFileCostsLittle(string unit, int times)
    {
        var document = await ReadAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(unit, times))));
        Assert.True(document.Root is YamlScalar || document.SyntaxErrors.Count == 1);
    }

    [Fact]
    public async Task BinaryJunkIsNoText()
    {
        var junk = new byte[100_000];
        new Random(7).NextBytes(junk);
        Assert.Equal("NotText", Assert.Single((await ReadAsync(junk)).SyntaxErrors).ErrorId);
    }

    [Fact]
    public async Task TenMegabytesAreTooLarge() => Assert.Equal("FileTooLarge", await FailureAsync(Write(new byte[10 * 1024 * 1024])));

    [Fact]
    public async Task AnEmptyFileIsNamedSo() => Assert.Equal("EmptyFile", await FailureAsync(Write([])));

    [Fact]
    public async Task AFolderIsNoFile() => Assert.Equal("NotAFile", await FailureAsync(folder));

    [Fact]
    public async Task AMissingFileIsNotFound() => Assert.Equal("FileNotFound", await FailureAsync(Path.Combine(folder, "none", "x.yaml")));

    [Fact]
    public async Task ADeviceIsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no /dev/zero.");
        Assert.Equal("EmptyFile", await FailureAsync("/dev/zero"));
    }

    [Fact]
    public async Task APipeIsRefusedWithoutWaitingForAWriter()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pipes are no files there.");
        var pipe = Path.Combine(folder, "pipe");
        using var process = Process.Start("mkfifo", [pipe]);
        await process.WaitForExitAsync();
        File.CreateSymbolicLink(pipe + ".link", pipe);
        Assert.Equal("EmptyFile", await FailureAsync(pipe));
        Assert.Equal("EmptyFile", await FailureAsync(pipe + ".link"));
    }

    [Fact]
    public async Task ALinkIsFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        var path = Write("a: 1"u8.ToArray());
        File.CreateSymbolicLink(path + ".link", path);
        Assert.NotNull(YamlReader.Read(path + ".link").Root);
        File.Delete(path);
        Assert.Equal("FileNotFound", await FailureAsync(path + ".link"));
    }

    private static async Task<string> FailureAsync(string path) =>
        (await Assert.ThrowsAsync<DalpException>(() => Task.Run(() => YamlReader.Read(path)).WaitAsync(AtOnce))).ErrorId;

    private Task<YamlDocument> ReadAsync(byte[] content) => Task.Run(() => YamlReader.Read(Write(content))).WaitAsync(AtOnce);

    private string Write(byte[] content)
    {
        var path = Path.Combine(folder, "x.yaml");
        File.WriteAllBytes(path, content);
        return path;
    }
}
