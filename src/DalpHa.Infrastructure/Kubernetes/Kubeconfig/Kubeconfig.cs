using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>What one context of the kubeconfig comes to: its cluster and its user.</summary>
/// <param name="Context">The context's name.</param>
/// <param name="Cluster">The cluster that it names.</param>
/// <param name="User">The user that it names; empty settings when it names none.</param>
internal sealed record KubeconfigEntry(string Context, ClusterSettings Cluster, UserSettings User);

/// <summary>
/// Finds a context as kubectl does: the files of KUBECONFIG, or <c>~/.kube/config</c>, or one file that the caller names. Of several files the first
/// that has an entry of a name decides that entry, whole. Names are case-sensitive.
/// </summary>
internal static class Kubeconfig
{
    /// <summary>Reads the files and picks the context.</summary>
    /// <param name="address">The context, and the file when the caller names one.</param>
    /// <param name="variable">Reads an environment variable.</param>
    /// <exception cref="DalpException">No file is there, one is malformed, or the context, its cluster or its user is not in them.</exception>
    public static KubeconfigEntry Load(ClusterAddress address, Func<string, string?> variable)
    {
        if (address.KubeconfigPath is { } path)
        {
            return Pick(ReadGiven(path), address.Context, $"The kubeconfig '{path}'");
        }
        var paths = DefaultPaths(variable);
        return Pick(ReadDefault(paths), address.Context, $"The kubeconfig ({string.Join(Path.PathSeparator, paths)})");
    }

    /// <summary>The names of all contexts in the files that <see cref="Load"/> would read.</summary>
    /// <exception cref="DalpException">No file is there, or one is malformed.</exception>
    public static IReadOnlyList<string> Contexts(Func<string, string?> variable) =>
        [.. ReadDefault(DefaultPaths(variable)).SelectMany(document => document.Contexts ?? []).Select(context => context?.Name).OfType<string>().Distinct(StringComparer.Ordinal)];

    private static List<KubeconfigDocument> ReadGiven(string path)
    {
        try
        {
            return [KubeconfigFile.Read(path)];
        }
        catch (FileNotFoundException)
        {
            throw NotFound($"There is no kubeconfig '{path}'.", path);
        }
    }

    private static List<KubeconfigDocument> ReadDefault(IReadOnlyList<string> paths)
    {
        var documents = new List<KubeconfigDocument>(paths.Count);
        foreach (var path in paths)
        {
            try
            {
                documents.Add(KubeconfigFile.Read(path));
            }
            catch (FileNotFoundException)
            {
                // kubectl skips a file of KUBECONFIG that is not there; only when none is there is something wrong.
            }
        }
        return documents.Count > 0 ? documents : throw NotFound($"There is no kubeconfig: none of {Quote(paths)} exists.", paths[0]);
    }

    private static IReadOnlyList<string> DefaultPaths(Func<string, string?> variable)
    {
        if (variable("KUBECONFIG") is { Length: > 0 } list)
        {
            var paths = list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
            if (paths.Length > 0)
            {
                return [.. paths.Distinct(StringComparer.Ordinal)];
            }
        }
        // kubectl follows HOME, also where the account's entry says something else.
        var home = variable("HOME") is { Length: > 0 } set ? set : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return [Path.Combine(home, ".kube", "config")];
    }

    private static KubeconfigEntry Pick(IReadOnlyList<KubeconfigDocument> documents, string? wanted, string source)
    {
        var name = wanted ?? documents.Select(d => d.CurrentContext).FirstOrDefault(c => !string.IsNullOrEmpty(c)) ?? throw new DalpException(
            "ContextNotFound",
            FaultKind.NotFound,
            $"No context was given, and {source} has no current-context.",
            "Name a context (topology: sites.*.context; parameters: -ActiveContext, -StandbyContext), or run 'kubectl config use-context'.",
            source);
        var contexts = documents.SelectMany(d => d.Contexts ?? []).ToList();
        var context = Find(contexts, name)?.Settings ?? throw new DalpException(
            "ContextNotFound",
            FaultKind.NotFound,
            $"{source} has no context '{name}'. {Nearest(contexts, name)}",
            "Give the name of one of these contexts, or add the context with the tool that made the cluster. Names are case-sensitive.",
            name);
        var clusters = documents.SelectMany(d => d.Clusters ?? []).ToList();
        var cluster = Find(clusters, context.Cluster)?.Settings ?? throw Dangling("cluster", context.Cluster, name, source, Nearest(clusters, context.Cluster));
        var users = documents.SelectMany(d => d.Users ?? []).ToList();
        // A context without a user is anonymous, and so is a user without settings; a user that is named and not there is a mistake.
        var user = string.IsNullOrEmpty(context.User)
            ? new UserSettings()
            : (Find(users, context.User) ?? throw Dangling("user", context.User, name, source, Nearest(users, context.User))).Settings ?? new UserSettings();
        return new KubeconfigEntry(name, cluster, user);
    }

    private static T? Find<T>(IEnumerable<T> entries, string? name)
        where T : NamedEntry => entries.FirstOrDefault(e => e?.Name is { } own && string.Equals(own, name, StringComparison.Ordinal));

    private static string Nearest<T>(IEnumerable<T> entries, string? name)
        where T : NamedEntry
    {
        var names = entries.Select(e => e?.Name).OfType<string>().Distinct(StringComparer.Ordinal).OrderBy(n => EditDistance(n, name ?? "")).Take(5).ToList();
        return names.Count == 0 ? "It has none at all." : $"It has: {Quote(names)}.";
    }

    private static int EditDistance(string left, string right)
    {
        // Levenshtein's distance, one row at a time. A name that differs by case only is the nearest there is.
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var substituted = diagonal + (char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }

    private static string Quote(IEnumerable<string> names) => string.Join(", ", names.Select(n => $"'{n}'"));

    private static DalpException NotFound(string message, string path) => new(
        "KubeconfigNotFound",
        FaultKind.NotFound,
        message,
        "Set KUBECONFIG, name the file (topology: sites.*.kubeconfig), or fetch a kubeconfig with the tool that made the cluster.",
        path);

    private static DalpException Dangling(string kind, string? missing, string context, string source, string nearest) => new(
        "KubeconfigIncomplete",
        FaultKind.InvalidInput,
        $"{source} has a context '{context}' that names the {kind} '{missing}', and no settings of a {kind} of that name. {nearest}",
        $"Correct the context's {kind} ('kubectl config set-context {context} --{kind}=…').",
        context);
}
