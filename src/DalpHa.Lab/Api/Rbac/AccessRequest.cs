namespace DalpHa.Lab.Api.Rbac;

/// <summary>What somebody wants to do: a verb on a resource, or on a path outside the resources.</summary>
internal sealed record AccessRequest(string Verb, string? Namespace = null, string Group = "", string Resource = "", string Subresource = "", string Name = "", string? Path = null)
{
    /// <summary>resource/subresource, as rules name it.</summary>
    public string Full => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";
}
