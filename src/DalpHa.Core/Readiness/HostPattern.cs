namespace DalpHa.Core.Readiness;

/// <summary>A host name as a certificate or an Ingress has it: plain, or with a wildcard in front.</summary>
public static class HostPattern
{
    /// <summary>Whether it stands for the host. A wildcard stands for exactly one label (RFC 9525 §6.3).</summary>
    public static bool StandsFor(string pattern, string host) =>
        string.Equals(pattern, host, StringComparison.OrdinalIgnoreCase)
        || (pattern.StartsWith("*.", StringComparison.Ordinal)
            && host.IndexOf('.') is > 0 and var dot
            && string.Equals(pattern[1..], host[dot..], StringComparison.OrdinalIgnoreCase));
}
