namespace DalpHa.Core.Clusters;

/// <summary>One question to the API server: may I?</summary>
/// <param name="Verb">The verb, as <c>patch</c>.</param>
/// <param name="Group">API group; empty for core.</param>
/// <param name="Resource">The plural resource, as <c>deployments</c>.</param>
/// <param name="Subresource">As <c>scale</c>, or null.</param>
/// <param name="Namespace">The namespace, or null for the whole cluster.</param>
/// <param name="Purpose">What DalpHa needs it for, in a few words for the operator.</param>
public sealed record AccessRequest(string Verb, string Group, string Resource, string? Subresource, string? Namespace, string Purpose)
{
    /// <summary>The question as <c>kubectl auth can-i</c> would put it.</summary>
    public override string ToString()
    {
        var resource = Subresource is null ? Resource : $"{Resource}/{Subresource}";
        return Group.Length == 0 ? $"{Verb} {resource}" : $"{Verb} {resource}.{Group}";
    }
}

/// <summary>Whose account a run uses: it decides which permissions are asked for.</summary>
public enum DalpAccount
{
    /// <summary>One that also fails over.</summary>
    Operator,
    /// <summary>One that only looks, as that of scheduled checks.</summary>
    Reader,
}

/// <summary>The API server's answer to an <see cref="AccessRequest"/>.</summary>
/// <param name="Request">The question.</param>
/// <param name="IsAllowed">Whether it is allowed.</param>
/// <param name="Reason">The server's reason, or null.</param>
public sealed record AccessDecision(AccessRequest Request, bool IsAllowed, string? Reason);

/// <summary>A pod's or service's port to which a tunnel through the API server is wanted.</summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="Pod">The pod's name; null when <paramref name="Service"/> is given.</param>
/// <param name="Service">The service whose first ready pod is used; null when <paramref name="Pod"/> is given.</param>
/// <param name="Port">The port: of the pod, or of the service.</param>
public sealed record ForwardTarget(string Namespace, string? Pod, string? Service, int Port);
