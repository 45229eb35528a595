using DalpHa.Core.Errors;
using DalpHa.Infrastructure.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Reads one kubeconfig file, with its paths made absolute: they are relative to the file that names them.</summary>
internal static class KubeconfigFile
{
    private const int MaxBytes = 1024 * 1024;

    private static readonly IDeserializer Deserializer = new DeserializerBuilder().IgnoreUnmatchedProperties().Build();

    /// <summary>Reads the file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file; the caller knows whether that matters.</exception>
    /// <exception cref="DalpException">It can't be read, is too long, or is no kubeconfig.</exception>
    public static KubeconfigDocument Read(string path)
    {
        var document = Parse(path, ReadText(path));
        MakePathsAbsolute(document, Path.GetDirectoryName(Path.GetFullPath(path))!);
        return document;
    }

    private static string ReadText(string path)
    {
        try
        {
            // A folder is left to the opening, which says what is wrong with it.
            var size = Directory.Exists(path) ? 1 : BoundedFile.SizeOf(path);
            if (size == 0)
            {
                // As /dev/null, by which one says that there is to be none.
                return "";
            }
            if (size > MaxBytes)
            {
                throw Malformed(path, $"is {size} bytes long, and a kubeconfig may have {MaxBytes}");
            }
            using var file = File.OpenRead(path);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
        catch (DirectoryNotFoundException exception)
        {
            throw new FileNotFoundException(exception.Message, path, exception);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException and not FileNotFoundException)
        {
            throw new DalpException(
                "KubeconfigUnreadable",
                FaultKind.LocalResource,
                $"The kubeconfig '{path}' can't be read: {exception.Message}",
                "Check that it is a file and that this user may read it.",
                path,
                exception);
        }
    }

    private static KubeconfigDocument Parse(string path, string text)
    {
        try
        {
            return Deserializer.Deserialize<KubeconfigDocument?>(new ShallowParser(new Parser(new StringReader(text)))) ?? new KubeconfigDocument();
        }
        catch (YamlException exception)
        {
            // Only the parser's own words are shown: what the deserializer says may quote a value, and the values here are credentials.
            var cause = exception is SyntaxErrorException or SemanticErrorException
                ? exception.Message
                : "something else stands where a kubeconfig has a mapping, a list or a value";
            throw Malformed(path, $"line {exception.Start.Line}, column {exception.Start.Column}: {cause}");
        }
    }

    private static DalpException Malformed(string path, string cause) => new(
        "KubeconfigMalformed",
        FaultKind.InvalidInput,
        $"The kubeconfig '{path}' can't be used: {cause.TrimEnd('.')}.",
        "Correct the file; 'kubectl config view' with KUBECONFIG set to it must accept it.",
        path);

    private static void MakePathsAbsolute(KubeconfigDocument document, string folder)
    {
        foreach (var cluster in document.Clusters ?? [])
        {
            if (cluster?.Settings is { } settings)
            {
                settings.CertificateAuthority = Absolute(folder, settings.CertificateAuthority);
            }
        }
        foreach (var user in document.Users ?? [])
        {
            if (user?.Settings is { } settings)
            {
                settings.ClientCertificate = Absolute(folder, settings.ClientCertificate);
                settings.ClientKey = Absolute(folder, settings.ClientKey);
                settings.TokenFile = Absolute(folder, settings.TokenFile);
                // A bare command is looked up in PATH; one with a slash is a path like the others.
                if (settings.Exec is { Command: { } command } exec && command.AsSpan().IndexOfAny('/', Path.DirectorySeparatorChar) >= 0)
                {
                    exec.Command = Absolute(folder, command);
                }
            }
        }
    }

    private static string? Absolute(string folder, string? path) => string.IsNullOrEmpty(path) ? null : Path.GetFullPath(path, folder);

    /// <summary>Refuses nesting that no kubeconfig has, before the recursive deserializer meets it and overflows the stack.</summary>
    private sealed class ShallowParser(IParser inner) : IParser
    {
        private const int MaxDepth = 64;
        private int depth;

        public ParsingEvent? Current => inner.Current;

        public bool MoveNext()
        {
            var moved = inner.MoveNext();
            depth += moved ? inner.Current!.NestingIncrease : 0;
            return depth <= MaxDepth ? moved : throw new SemanticErrorException(inner.Current!.Start, inner.Current.End, $"nested deeper than {MaxDepth} levels");
        }
    }
}
