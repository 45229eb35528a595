namespace DalpHa.Core.Documents.Shapes;

/// <summary>Finds the key that somebody probably meant.</summary>
internal static class NearestKey
{
    /// <summary>The known key nearest to what was written, with its distance; null when none is near enough to be a slip.</summary>
    public static (string Key, int Distance)? Find(string written, IEnumerable<string> known)
    {
        if (written.Length > 64)
        {
            return null;
        }
        var (key, distance) = known.Select(k => (Key: k, Distance: Distance(written.ToUpperInvariant(), k.ToUpperInvariant()))).MinBy(k => k.Distance);
        return key is not null && distance <= Math.Max(1, Math.Max(written.Length, key.Length) / 3) ? (key, distance) : null;
    }

    /// <summary>Insertions, deletions, substitutions and swaps of neighbours between two words (optimal string alignment).</summary>
    public static int Distance(string left, string right)
    {
        var distance = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                distance[i, j] = i == 0 || j == 0 ? i + j : Best(i, j);
            }
        }
        return distance[left.Length, right.Length];

        int Best(int i, int j)
        {
            var substitution = distance[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            var best = Math.Min(substitution, Math.Min(distance[i - 1, j], distance[i, j - 1]) + 1);
            return i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] ? Math.Min(best, distance[i - 2, j - 2] + 1) : best;
        }
    }
}
