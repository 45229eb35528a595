namespace DalpHa.Lab.Api.Selection;

/// <summary>Which objects of a kind a list, a watch or a deletecollection means.</summary>
internal sealed record ObjectSelection(string? Namespace, LabelSelector Labels, FieldSelector Fields)
{
    public bool IsEverything => Labels.MatchesAll && Fields.MatchesAll;

    public bool Matches(StoredObject stored) =>
        (Namespace is null || stored.Namespace == Namespace) && Labels.Matches(stored.Metadata) && Fields.Matches(stored.Value);
}
