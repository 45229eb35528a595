using System.Security.Cryptography;

namespace DalpHa.Lab.Postgres;

/// <summary>The passwords of a pair's users; random, and of this pair only.</summary>
/// <param name="Superuser">Of <c>postgres</c>.</param>
/// <param name="Replication">Of the user that the standby streams as.</param>
/// <param name="Monitor">Of <see cref="PostgresPair.MonitorUser"/>.</param>
/// <param name="Owner">Of <see cref="PostgresPair.OwnerUser"/>.</param>
/// <param name="Admin">Of <see cref="PostgresPair.AdminUser"/>.</param>
public sealed record PairPasswords(string Superuser, string Replication, string Monitor, string Owner, string Admin)
{
    /// <summary>Makes new ones.</summary>
    public static PairPasswords Generate() => new(Random(), Random(), Random(), Random(), Random());

    /// <summary>Keeps the passwords out of whatever prints this.</summary>
    public override string ToString() => nameof(PairPasswords);

    private static string Random() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
