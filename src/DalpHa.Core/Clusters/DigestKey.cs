using System.Security.Cryptography;

namespace DalpHa.Core.Clusters;

/// <summary>
/// Turns secret values into digests that can be compared and shown: HMAC-SHA256 under a random key that never leaves the process,
/// so that nobody can try guesses against a digest in a report.
/// </summary>
public sealed class DigestKey
{
    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The keyed digest of <paramref name="value"/> as 32 hexadecimal digits.</summary>
    public string Compute(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, value, hash);
        return Convert.ToHexStringLower(hash[..16]);
    }
}
