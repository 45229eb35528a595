namespace DalpHa.Core.Readiness;

/// <summary>A container image's name taken apart, with Docker's defaults filled in.</summary>
/// <remarks>Grammar and defaults: github.com/distribution/reference (normalize.go): the first part is a registry only when it has a dot, a colon or is <c>localhost</c>.</remarks>
/// <param name="Registry">The registry's host and port, as <c>docker.io</c>.</param>
/// <param name="Repository">The path in it, as <c>library/nginx</c>.</param>
/// <param name="Tag">The tag; <c>latest</c> when neither tag nor digest is given; null when only a digest is.</param>
/// <param name="Digest">The digest that the reference pins, as <c>sha256:…</c>, or null.</param>
public sealed record ImageReference(string Registry, string Repository, string? Tag, string? Digest)
{
    private const string DefaultRegistry = "docker.io";

    /// <summary>Whether the reference names something that may be another image tomorrow: <c>latest</c>, not pinned.</summary>
    public bool IsFloating => Digest is null && Tag == "latest";

    /// <summary>Tag and digest as they were written: <c>:1.2</c>, <c>@sha256:1a2b3c4d5e6f</c>, or both.</summary>
    public string Version => (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Short(Digest));

    /// <summary>Takes a reference apart. Never fails: what the API server took, it compares.</summary>
    public static ImageReference Parse(string text)
    {
        var (name, digest) = SplitAt(text, text.IndexOf('@'));
        // A colon before the last slash is a registry's port.
        var colon = name.LastIndexOf(':');
        (name, var tag) = SplitAt(name, colon > name.LastIndexOf('/') ? colon : -1);
        var slash = name.IndexOf('/');
        var first = slash < 0 ? "" : name[..slash];
        var hasRegistry = first.Contains('.') || first.Contains(':') || first == "localhost";
        var registry = hasRegistry ? RegistryOf(first) : DefaultRegistry;
        var repository = hasRegistry ? name[(slash + 1)..] : name;
        if (registry == DefaultRegistry && !repository.Contains('/'))
        {
            repository = "library/" + repository;
        }
        return new ImageReference(registry, repository, tag ?? (digest is null ? "latest" : null), digest);
    }

    /// <summary>A registry's one name: Docker's has three.</summary>
    public static string RegistryOf(string host) => host is "index.docker.io" or "registry-1.docker.io" ? DefaultRegistry : host;

    /// <summary>A digest's first 12 hexadecimal digits: enough to tell images apart by eye.</summary>
    public static string Short(string digest)
    {
        var start = digest.IndexOf(':') + 1;
        return digest[..Math.Min(digest.Length, start + 12)];
    }

    /// <summary>The full name, with every default written out.</summary>
    public override string ToString() => $"{Registry}/{Repository}{(Tag is null ? "" : ":" + Tag)}{(Digest is null ? "" : "@" + Digest)}";

    private static (string Head, string? Tail) SplitAt(string text, int at) => at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
}
