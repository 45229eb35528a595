using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness;

/// <summary>Whether the hosts of a site's Ingresses are served with certificates that are for them: those that the Ingresses name, however well another one would fit.</summary>
internal sealed class HostCertificates
{
    // An Ingress that names no host answers for all. Its certificates may say for which names; where they don't, nobody can say whether they do.
    private const string AnyHost = "*";

    private readonly string site;
    private readonly IReadOnlyList<TlsCertificate> certificates;
    private readonly Dictionary<string, List<string>> secrets;

    /// <param name="site">The site's name.</param>
    /// <param name="routes">Its routes. Those of OpenShift are served with the router's own certificate when they bring none, and are passed over.</param>
    /// <param name="certificates">The certificates of the namespace.</param>
    public HostCertificates(string site, IReadOnlyList<IngressRoute> routes, IReadOnlyList<TlsCertificate> certificates)
    {
        this.site = site;
        this.certificates = certificates;
        secrets = routes
            .Where(route => route.Kind == "Ingress")
            .SelectMany(route => route.Hosts.SelectMany(host => host == AnyHost ? NamesSaid(route) : [host]).Select(host => (Host: host, Route: route)))
            .GroupBy(pair => pair.Host, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => SecretsOf(group.Key, group.Select(pair => pair.Route)), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>How many hosts the Ingresses answer for by name.</summary>
    public int Count => secrets.Keys.Count(host => host != AnyHost);

    /// <summary>Whether any Ingress names a certificate.</summary>
    public bool AnyNamed => secrets.Values.Any(names => names.Count > 0);

    /// <summary>What is wrong. Of certificates that have ended or can't be read another part of the check tells.</summary>
    public IEnumerable<Finding> Problems()
    {
        foreach (var (host, names) in secrets)
        {
            // Two Ingresses of one host may name two, and which of them is served the controller decides: each must do.
            foreach (var finding in names.Select(name => Judge(host, name)).OfType<Finding>())
            {
                yield return finding;
            }
            if (names.Count == 0)
            {
                yield return Finding.Unknown(
                    site, host, "no certificate named", "covered", "Its Ingress names no Secret with a certificate: TLS ends with one that DalpHa does not see, or nowhere.",
                    "If the controller's own certificate or a load balancer in front serves the host, look at that by hand; otherwise name the Secret in the Ingress ('tls').");
            }
        }
    }

    private Finding? Judge(string host, string secret)
    {
        var found = certificates.FirstOrDefault(certificate => certificate.SecretName == secret);
        if (found is null)
        {
            return Finding.Fail(
                site, host, $"no Secret/{secret}", "covered", $"Its Ingress names the Secret '{secret}', and the namespace has no TLS Secret of that name: browsers refuse the site.",
                "Deploy it on this site, with type kubernetes.io/tls, before traffic is switched.");
        }
        if (host == AnyHost)
        {
            return Finding.Unknown(
                site, host, $"Secret/{secret} for any host", "covered", "Its Ingress answers for any host; which names its certificate must cover is not said.",
                "Name the hosts in the Ingress ('rules', or 'hosts' of 'tls'), or compare by hand the certificate with the names that people use.");
        }
        return found.Problem is not null || found.DnsNames.Any(name => HostPattern.StandsFor(name, host))
            ? null
            : Finding.Fail(
                site, host, $"Secret/{secret} for others", "covered",
                $"The certificate that its Ingress names is for {(found.DnsNames.Count == 0 ? "no name at all" : Wording.List(found.DnsNames))}: browsers refuse the site.",
                "Deploy a certificate for it on this site before traffic is switched.");
    }

    // A certificate without hosts among them is served for whatever else is asked for.
    private static IEnumerable<string> NamesSaid(IngressRoute route)
    {
        var said = route.Certificates.SelectMany(certificate => certificate.Hosts);
        return route.Certificates.Count > 0 && route.Certificates.All(certificate => certificate.Hosts.Count > 0) ? said : said.Append(AnyHost);
    }

    private static List<string> SecretsOf(string host, IEnumerable<IngressRoute> routes) =>
    [
        .. routes
            .SelectMany(route => route.Certificates)
            .Where(certificate => certificate.Hosts.Count == 0 || certificate.Hosts.Any(name => HostPattern.StandsFor(name, host)))
            .Select(certificate => certificate.SecretName)
            .OfType<string>()
            .Distinct(StringComparer.Ordinal),
    ];
}
