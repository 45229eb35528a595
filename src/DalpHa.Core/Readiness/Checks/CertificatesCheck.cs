using System.Runtime.CompilerServices;
using DalpHa.Core.Clusters;

namespace DalpHa.Core.Readiness.Checks;

/// <summary>The site's TLS certificates are valid for a while yet, and cover the hosts of its Ingresses.</summary>
public sealed class CertificatesCheck : SiteCheck
{
    // The clock that looks, and the issuer's, may be this much apart.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private const string Renew = "Renew it on this site, and see why it was not renewed by itself.";

    /// <inheritdoc/>
    public override string Name => "Certificates";

    /// <inheritdoc/>
    public override string Description => "The TLS certificates are valid, don't end soon, and cover the hosts that the site answers for.";

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Finding> RunAsync(
        SiteView site, ReadinessContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var routesRead = site.IngressRoutes;
        var certificates = await site.TlsCertificates.WaitAsync(cancellationToken).ConfigureAwait(false);
        var now = context.Time.GetUtcNow();
        var soon = context.Topology.Thresholds.CertificateDays;
        var problems = 0;
        foreach (var finding in certificates.Select(certificate => Judge(site.Name, certificate, now, soon)).OfType<Finding>())
        {
            problems++;
            yield return finding;
        }
        var hosts = new HostCertificates(site.Name, await routesRead.WaitAsync(cancellationToken).ConfigureAwait(false), certificates);
        if (certificates.Count == 0 && !hosts.AnyNamed)
        {
            yield return Finding.Unknown(
                site.Name, "certificates", "no TLS Secret", hosts.Count == 0 ? "a certificate" : $"{Wording.Count(hosts.Count, "host")} covered",
                "The namespace holds no certificate: TLS ends somewhere that DalpHa does not see, or nowhere.",
                "If a load balancer in front ends TLS, look at its certificate by hand; otherwise deploy the certificates.");
            yield break;
        }
        foreach (var finding in hosts.Problems())
        {
            problems++;
            yield return finding;
        }
        if (problems == 0)
        {
            var first = certificates.MinBy(certificate => certificate.NotAfter)!;
            yield return Finding.Pass(
                site.Name,
                "certificates",
                $"{certificates.Count} valid, {Wording.Count(hosts.Count, "host")} covered",
                $"over {soon} d left",
                $"The first to end is that of Secret '{first.SecretName}', on {first.NotAfter:yyyy-MM-dd}.");
        }
    }

    private static Finding? Judge(string site, TlsCertificate certificate, DateTimeOffset now, int soon)
    {
        var target = $"Secret/{certificate.SecretName}";
        var expected = $"over {soon} d left";
        if (certificate.Problem is not null || certificate.NotAfter is not { } end)
        {
            return Finding.Fail(
                site, target, "unreadable", "a certificate", $"The certificate can't be read: {certificate.Problem ?? "it states no validity"}.", "Deploy the certificate once more.");
        }
        if (end <= now)
        {
            return Finding.Fail(
                site, target, $"expired {end:yyyy-MM-dd}", expected, $"The certificate of {certificate.Subject} ended {Wording.Duration(now - end)} ago.", Renew);
        }
        if (certificate.NotBefore > now + ClockSkew)
        {
            return Finding.Fail(
                site, target, $"valid from {certificate.NotBefore:yyyy-MM-dd}", "valid now", $"The certificate of {certificate.Subject} is not valid yet.",
                "Check the clock of its issuer, or deploy the certificate that is valid now.");
        }
        if (certificate.NotBefore is { } start && start > now)
        {
            return Finding.Warn(
                site, target, $"valid in {Wording.Duration(start - now)}", "valid now", $"By this machine's clock the certificate of {certificate.Subject} begins in a moment: it was issued just now, or the clock is behind.",
                "Look again in a few minutes; if it still says so, set this machine's clock.");
        }
        return end - now <= TimeSpan.FromDays(soon)
            ? Finding.Warn(
                site, target, $"{Wording.Duration(end - now)} left", expected, $"The certificate of {certificate.Subject} ends on {end:yyyy-MM-dd HH:mm} UTC.", Renew)
            : null;
    }
}
