namespace DalpHa.Core.Readiness;

/// <summary>How the standby's keyed values differ from the active's: names of keys only.</summary>
/// <param name="Missing">Keys that only the active has.</param>
/// <param name="Changed">Keys whose values differ.</param>
/// <param name="Extra">Keys that only the standby has.</param>
internal sealed record KeyDifference(IReadOnlyList<string> Missing, IReadOnlyList<string> Changed, IReadOnlyList<string> Extra)
{
    public static KeyDifference Of(IReadOnlyDictionary<string, string> active, IReadOnlyDictionary<string, string> standby) => new(
        active.Keys.Where(key => !standby.ContainsKey(key)).ToList(),
        active.Where(pair => standby.TryGetValue(pair.Key, out var other) && other != pair.Value).Select(pair => pair.Key).ToList(),
        standby.Keys.Where(key => !active.ContainsKey(key)).ToList());
}
