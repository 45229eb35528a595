using System.Text.Json.Nodes;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// Who serves an Ingress: its field <c>spec.ingressClassName</c>, or the annotation that was there before the field and beats it with most controllers.
/// A closed one has a class that no controller serves, and remembers its own in annotations.
/// </summary>
/// <param name="Version">The version that was read.</param>
/// <param name="Field">The field, or null.</param>
/// <param name="Annotation">The annotation, or null.</param>
/// <param name="FormerField">The field before it was closed, empty when there was none; null when it was not closed by it.</param>
/// <param name="FormerAnnotation">The annotation before it was closed; null when it was not closed by it.</param>
internal sealed record IngressClasses(string? Version, string? Field, string? Annotation, string? FormerField, string? FormerAnnotation)
{
    public const string ApiVersion = "networking.k8s.io/v1";
    public const string Resource = "ingresses";
    private const string Closed = "dalpha-closed";
    private const string AnnotationName = "kubernetes.io/ingress.class";
    private const string FormerFieldName = "dalpha.io/ingress-class";
    private const string FormerAnnotationName = "dalpha.io/ingress-class-annotation";

    /// <summary>The class that counts; null where the cluster's default serves it.</summary>
    public string? Effective => Annotation ?? Field;

    /// <summary>Whether no controller serves it: every class that it names is the closed one.</summary>
    public bool IsClosed => Effective is not null && (Annotation ?? Closed) == Closed && (Field ?? Closed) == Closed;

    public static IngressClasses Of(WireIngress wire)
    {
        var annotations = wire.Metadata.Annotations;
        return new IngressClasses(
            wire.Metadata.ResourceVersion,
            wire.Spec?.IngressClassName,
            annotations?.GetValueOrDefault(AnnotationName),
            annotations?.GetValueOrDefault(FormerFieldName),
            annotations?.GetValueOrDefault(FormerAnnotationName));
    }

    /// <summary>The patch that closes it, of the version that was read; null when it is closed.</summary>
    public JsonObject? Closing()
    {
        if (IsClosed)
        {
            return null;
        }
        var annotations = new JsonObject();
        var patch = Patch(annotations);
        if (Annotation is not null and not Closed)
        {
            annotations[AnnotationName] = Closed;
            annotations[FormerAnnotationName] = Annotation;
        }
        if (Field != Closed && (Field is not null || Annotation is null))
        {
            patch["spec"] = new JsonObject { ["ingressClassName"] = Closed };
            annotations[FormerFieldName] = Field ?? "";
        }
        return patch;
    }

    /// <summary>The patch that opens it, of the version that was read; null when DalpHa has not closed it.</summary>
    public JsonObject? Opening()
    {
        if (FormerField is null && FormerAnnotation is null)
        {
            return null;
        }
        var annotations = new JsonObject { [FormerFieldName] = null, [FormerAnnotationName] = null };
        var patch = Patch(annotations);
        // What somebody has set meanwhile is his.
        if (FormerAnnotation is not null && Annotation == Closed)
        {
            annotations[AnnotationName] = FormerAnnotation;
        }
        if (FormerField is not null && Field == Closed)
        {
            patch["spec"] = new JsonObject { ["ingressClassName"] = FormerField.Length > 0 ? FormerField : null };
        }
        return patch;
    }

    private JsonObject Patch(JsonObject annotations) => new() { ["metadata"] = new JsonObject { ["resourceVersion"] = Version, ["annotations"] = annotations } };
}
