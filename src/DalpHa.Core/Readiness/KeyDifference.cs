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

    /// <summary>Whether there is none.</summary>
    public bool IsNone => Missing.Count + Changed.Count + Extra.Count == 0;

    /// <summary>The difference without the values that may differ; a key that is missing is missing all the same.</summary>
    public KeyDifference WithoutChangesOf(Func<string, bool> mayDiffer) => this with { Changed = Changed.Where(key => !mayDiffer(key)).ToList() };

    /// <summary>As <c>lacks a, b; changed: c</c>: what a table's cell has room for.</summary>
    public override string ToString() => string.Join("; ", new[] { ("lacks", Missing), ("changed:", Changed), ("has also", Extra) }
        .Where(part => part.Item2.Count > 0)
        .Select(part => $"{part.Item1} {Wording.List(part.Item2, 2)}"));
}
