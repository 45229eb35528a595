using System.Globalization;
using System.Text.RegularExpressions;

namespace DalpHa.Lab.Api.Serving;

/// <summary>Preferred versions first: v2, v1, v1beta2, v1alpha1, then anything else by name.</summary>
internal sealed partial class KubernetesVersionOrder : IComparer<string>
{
    public static KubernetesVersionOrder Instance { get; } = new();

    public int Compare(string? x, string? y) => (Rank(y), x).CompareTo((Rank(x), y));

    private static (int Stability, int Major, int Minor) Rank(string? version)
    {
        var match = Shape().Match(version ?? "");
        if (!match.Success)
        {
            return (-1, 0, 0);
        }
        var stability = match.Groups[2].Value switch { "" => 2, "beta" => 1, _ => 0 };
        var minor = match.Groups[3].Success ? int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture) : 0;
        return (stability, int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), minor);
    }

    [GeneratedRegex(@"^v(\d+)(?:(alpha|beta)(\d+))?\z")]
    private static partial Regex Shape();
}
