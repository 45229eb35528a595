using System.Collections;
using System.Globalization;
using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Failover;
using DalpHa.Core.Replication;
using DalpHa.Core.Topology;

namespace DalpHa.Commands.Failover;

/// <summary>What operators write for people who vouch, and for logins.</summary>
internal static class FailoverInput
{
    /// <summary>The steps that are asked to be vouched for beforehand, each with who vouches and his words.</summary>
    /// <exception cref="DalpException">A step is not known, or nobody vouches by name.</exception>
    public static IReadOnlyDictionary<string, string> Vouched(Hashtable? given)
    {
        var vouched = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? [])
        {
            var step = FailoverSteps.Require(Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? "");
            vouched[step] = Parse(Convert.ToString(entry.Value, CultureInfo.InvariantCulture) ?? "").ToString();
        }
        return vouched;
    }

    /// <summary>Who vouches, and for what: <c>name: how he knows</c>.</summary>
    /// <exception cref="DalpException">It names nobody, or says nothing.</exception>
    public static Attestation Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (person, statement) = colon < 0 ? ("", "") : (text[..colon].Trim(), text[(colon + 1)..].Trim());
        return person.Length > 0 && statement.Length > 0 ? new Attestation(person, statement) : throw new DalpException(
            "AttestationUnsigned",
            FaultKind.InvalidInput,
            $"'{text}' does not say who vouches, and how that person knows.",
            "Give the name, a colon, and what was seen: 'Jane Doe: the provider confirms that the region is powered off'.",
            text);
    }

    /// <summary>A site's database as one step by hand knows it: with the CloudNativePG Cluster that was named, or without.</summary>
    public static PromotionProcedure DatabaseOf(string? postgresCluster) => postgresCluster is null
        ? new PromotionProcedure(PromotionMethod.SelfRun)
        : new PromotionProcedure(PromotionMethod.CloudNativePgReplica) { ActiveCluster = postgresCluster };

    /// <summary>A login out of a credential; null for none.</summary>
    public static DatabaseLogin? Login(PSCredential? credential) =>
        credential?.GetNetworkCredential() is { } network ? new DatabaseLogin(credential.UserName, network.Password) : null;
}
