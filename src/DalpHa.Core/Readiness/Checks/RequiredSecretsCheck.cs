using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>
/// The standby holds each required Secret with the active's keys and values, compared by keyed digest. Without a topology every Secret of the
/// active is required; then a TLS Secret of another value only warns, since each cluster may issue its own.
/// </summary>
public sealed class RequiredSecretsCheck : IReadinessCheck
{
    private const string Copy = "Bring the Secret to the standby by the way that manages it (sealed secret, external-secrets, vault). Never by hand through a terminal.";

    /// <inheritdoc/>
    public string Name => "RequiredSecrets";

    /// <inheritdoc/>
    public string Description => "The required Secrets are on the standby, with the same keys and equal values.";

    /// <inheritdoc/>
    public async IAsyncEnumerable<Finding> RunAsync(ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (context.Topology.RequiredSecrets is { Count: 0 })
        {
            yield return Finding.Unknown(
                context.Standby.Name, "secrets", "not declared", "a list of names", "The topology does not say which Secrets the platform needs.",
                "Name them in the topology (secrets: required).");
            yield break;
        }
        var names = context.Topology.RequiredSecrets
            ?? (await context.Active.Secrets.WaitAsync(cancellationToken).ConfigureAwait(false)).Select(secret => secret.Name).ToList();
        var isDeclared = context.Topology.RequiredSecrets is not null;
        if (names.Count == 0)
        {
            yield return Finding.Unknown(
                context.Active.Name, "secrets", "none on the active", "those that it needs", "The active's namespace holds no Secret, so there is nothing to compare the standby's with.",
                "Name the Secrets that the platform needs in the topology (secrets: required).");
            yield break;
        }
        var onStandby = await ReadAsync(context.Standby, names, isDeclared, cancellationToken).ConfigureAwait(false);
        foreach (var name in names.Where(name => !onStandby.ContainsKey(name)))
        {
            yield return Finding.Fail(
                context.Standby.Name, $"Secret/{name}", "missing", "present", "What mounts it does not start on the standby.", Copy);
        }
        var onActive = await ReadAsync(context.Active, names, isDeclared, cancellationToken).ConfigureAwait(false);
        var problems = names.Count(name => !onStandby.ContainsKey(name));
        foreach (var name in names)
        {
            if (!onActive.TryGetValue(name, out var active))
            {
                problems++;
                yield return Finding.Fail(
                    context.Active.Name, $"Secret/{name}", "missing", "present", "The topology requires it, and the active itself does not have it.",
                    "Correct the list in the topology (secrets: required), or restore the Secret.");
            }
            else if (onStandby.TryGetValue(name, out var standby) && Compare(context, active, standby, isDeclared) is { } finding)
            {
                problems++;
                yield return finding;
            }
        }
        var held = onActive.Values.Concat(onStandby.Values).ToList();
        var split = context.Topology.SiteSpecificSecrets.ToLookup(
            entry => held.Exists(secret => secret.Name == entry.Name && (entry.Key is null || secret.KeyDigests.ContainsKey(entry.Key))), entry => entry.ToString());
        foreach (var entry in split[false])
        {
            problems++;
            yield return SiteSpecifics.Stale("secrets: siteSpecific", entry);
        }
        if (problems == 0)
        {
            var leftOut = split[true].ToList();
            yield return Finding.Pass(
                context.Standby.Name, "secrets", $"{names.Count} present, equal" + (leftOut.Count == 0 ? "" : $" but for {leftOut.Count}"), "present, equal", SiteSpecifics.LeftOut(leftOut));
        }
    }

    // Declared names are read one by one, which needs no right to list; without a list there is no other way than to list.
    private static async Task<Dictionary<string, SecretDigest>> ReadAsync(SiteView site, IReadOnlyList<string> names, bool isDeclared, CancellationToken cancellationToken)
    {
        var found = isDeclared
            ? (await Task.WhenAll(names.Select(site.GetSecretAsync)).WaitAsync(cancellationToken).ConfigureAwait(false)).OfType<SecretDigest>()
            : await site.Secrets.WaitAsync(cancellationToken).ConfigureAwait(false);
        return found.DistinctBy(secret => secret.Name).ToDictionary(secret => secret.Name, StringComparer.Ordinal);
    }

    private static Finding? Compare(ReadinessContext context, SecretDigest active, SecretDigest standby, bool isDeclared)
    {
        var target = $"Secret/{active.Name}";
        var siteSpecific = context.Topology.SiteSpecificSecrets;
        var difference = KeyDifference.Of(active.KeyDigests, standby.KeyDigests).WithoutChangesOf(key => siteSpecific.Cover(active.Name, key));
        if (difference.Missing.Count > 0)
        {
            return Finding.Fail(
                context.Standby.Name, target, $"lacks {Wording.List(difference.Missing)}", "same keys", "What reads the missing key does not start on the standby.", Copy);
        }
        if (difference.Changed.Count > 0)
        {
            var perCluster = !isDeclared && active.Type == "kubernetes.io/tls";
            return new Finding(
                perCluster ? CheckStatus.Warn : CheckStatus.Fail,
                context.Standby.Name,
                target,
                $"{Wording.List(difference.Changed, 2)} {(difference.Changed.Count == 1 ? "differs" : "differ")}",
                "equal values",
                "The values are not the active's: stale credentials or keys stop the platform after a failover.",
                perCluster ? "If each cluster issues its own certificate, say so in the topology (secrets: siteSpecific); otherwise copy it." : Copy);
        }
        if (active.Type != standby.Type)
        {
            return Finding.Fail(
                context.Standby.Name, target, standby.Type, active.Type, "The Secret's type is another one than on the active: what asks for the type (image pulls, TLS, logins) refuses it.",
                "Recreate it with the active's type.");
        }
        if (active.KeyDigests.Count == 0)
        {
            return Finding.Warn(
                context.Standby.Name, target, "no key on either site", "a value", "The Secret is empty on both sites: whatever fills it has not done so.", "See what should fill it (external-secrets, vault).");
        }
        if (difference.Extra.Count > 0)
        {
            return Finding.Warn(
                context.Standby.Name, target, $"has also {Wording.List(difference.Extra, 2)}", "same keys",
                "The standby has keys that the active does not have: one of the two was changed alone.", "Find out which side is right, and make them equal.");
        }
        return null;
    }
}
