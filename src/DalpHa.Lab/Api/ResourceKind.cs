namespace DalpHa.Lab.Api;

/// <summary>One kind of object as one version of its group serves it.</summary>
internal sealed record ResourceKind(string Group, string Version, string Plural, string Kind)
{
    public bool Namespaced { get; init; } = true;

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>Named by <c>kubectl get all</c>.</summary>
    public bool InAll { get; init; }

    /// <summary>Status is written through its own subresource only.</summary>
    public bool HasStatus { get; init; }

    /// <summary>Where the scale subresource finds its numbers, or null when there is none.</summary>
    public ScalePaths? Scale { get; init; }

    /// <summary>The server counts changes of the wanted state in <c>metadata.generation</c>.</summary>
    public bool CountsGeneration { get; init; }

    /// <summary>Declared by a CustomResourceDefinition.</summary>
    public bool Custom { get; init; }

    /// <summary>The definition's <c>openAPIV3Schema</c>, or null for built-in kinds.</summary>
    public System.Text.Json.Nodes.JsonObject? Schema { get; init; }

    /// <summary>The columns that a CustomResourceDefinition adds to tables.</summary>
    public System.Text.Json.Nodes.JsonArray? PrinterColumns { get; init; }

    /// <summary>Answered and forgotten: reviews. Only create is served.</summary>
    public bool Virtual { get; init; }

    /// <summary>Subresources beside status and scale, each with the kind of its body and its verbs.</summary>
    public IReadOnlyList<Subresource> Subresources { get; init; } = [];

    public string Singular { get; init; } = Kind.ToLowerInvariant();

    public string ListKind { get; init; } = Kind + "List";

    public string GroupVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>What all versions of the kind share in the store.</summary>
    public string Storage => $"{Group}/{Plural}";

    /// <summary>plural.group, as messages say it.</summary>
    public string Qualified => Serving.ApiException.Qualified(Group, Plural);

    public static string KeyOf(string? @namespace, string name) => $"{@namespace}/{name}";
}

/// <summary>A subresource in discovery.</summary>
internal sealed record Subresource(string Name, string Kind, string Group, string Version, params string[] Verbs);

/// <summary>The JSON paths behind a scale subresource, without the leading dot.</summary>
internal sealed record ScalePaths(string Replicas, string StatusReplicas, string Selector)
{
    public static ScalePaths Workload { get; } = new("spec.replicas", "status.replicas", "spec.selector");
}
