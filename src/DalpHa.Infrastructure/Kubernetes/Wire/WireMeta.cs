using System.Text.Json.Serialization;

namespace DalpHa.Infrastructure.Kubernetes;

// The fields of the Kubernetes API that DalpHa reads, and no others: a pod in full is ten times its part that matters here.
// Names and meanings: kubernetes.io/docs/reference/kubernetes-api.

/// <summary>One page of a list.</summary>
internal sealed record WireList<T>
{
    public string? Kind { get; init; }

    public WireListMetadata? Metadata { get; init; }

    public List<T>? Items { get; init; }
}

/// <summary>Where the next page starts.</summary>
internal sealed record WireListMetadata(string? Continue);

/// <summary>What every object has.</summary>
internal sealed record WireMetadata
{
    public string Name { get; init; } = "";

    public string? Namespace { get; init; }

    public string? ResourceVersion { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public Dictionary<string, string>? Annotations { get; init; }

    // Server-side; 0 is left out of what is written.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Generation { get; init; }

    public DateTimeOffset? DeletionTimestamp { get; init; }

    public List<WireOwner>? OwnerReferences { get; init; }

    public bool HasTrueAnnotation(string name) => Annotations?.GetValueOrDefault(name) == "true";
}

/// <summary>What made an object; the one that is its controller also keeps it.</summary>
internal sealed record WireOwner(string? ApiVersion, string Kind, string Name, bool Controller);

/// <summary>An object of which only the metadata matters.</summary>
internal sealed record WireObject(WireMetadata Metadata);

/// <summary>A condition of a pod or node.</summary>
internal sealed record WireCondition(string Type, string Status);

/// <summary>The body of an error.</summary>
internal sealed record WireStatus(string? Message);

/// <summary>How a program in a pod ended (<c>Status</c> of meta/v1, as the exec protocol carries it).</summary>
internal sealed record WireExecStatus(string? Status, string? Reason, string? Message, WireExecDetails? Details);

/// <summary>What it ended with.</summary>
internal sealed record WireExecDetails(List<WireExecCause>? Causes);

/// <summary>One cause; an exit code is the message of the one whose reason is <c>ExitCode</c>.</summary>
internal sealed record WireExecCause(string? Reason, string? Message);

/// <summary>The answer of <c>/apis</c>: what the server serves.</summary>
internal sealed record WireGroups(List<WireGroup>? Groups);

/// <summary>An API group.</summary>
internal sealed record WireGroup(string Name);

/// <summary>The answer of <c>/version</c>.</summary>
internal sealed record WireVersion(string? Major, string? Minor, string? GitVersion);

/// <summary>Serialisation of the wire types without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WireList<WirePod>), TypeInfoPropertyName = "Pods")]
[JsonSerializable(typeof(WireList<WireWorkload>), TypeInfoPropertyName = "Workloads")]
[JsonSerializable(typeof(WireList<WireCronJob>), TypeInfoPropertyName = "CronJobs")]
[JsonSerializable(typeof(WireList<WireNode>), TypeInfoPropertyName = "Nodes")]
[JsonSerializable(typeof(WireList<WireSecret>), TypeInfoPropertyName = "Secrets")]
[JsonSerializable(typeof(WireList<WireConfigMap>), TypeInfoPropertyName = "ConfigMaps")]
[JsonSerializable(typeof(WireList<WireIngress>), TypeInfoPropertyName = "Ingresses")]
[JsonSerializable(typeof(WireList<WireRoute>), TypeInfoPropertyName = "Routes")]
[JsonSerializable(typeof(WireList<WireQuota>), TypeInfoPropertyName = "Quotas")]
[JsonSerializable(typeof(WireList<WireLimitRange>), TypeInfoPropertyName = "LimitRanges")]
[JsonSerializable(typeof(WireList<WireClaim>), TypeInfoPropertyName = "Claims")]
[JsonSerializable(typeof(WireList<WireStorageClass>), TypeInfoPropertyName = "StorageClasses")]
[JsonSerializable(typeof(WireList<WireIngressClass>), TypeInfoPropertyName = "IngressClasses")]
[JsonSerializable(typeof(WireList<WireObject>), TypeInfoPropertyName = "Objects")]
[JsonSerializable(typeof(WireList<WireDatabaseBackup>), TypeInfoPropertyName = "DatabaseBackups")]
[JsonSerializable(typeof(WireList<WireObjectStore>), TypeInfoPropertyName = "ObjectStores")]
[JsonSerializable(typeof(WireList<WirePlatformBackup>), TypeInfoPropertyName = "PlatformBackups")]
[JsonSerializable(typeof(WirePod))]
[JsonSerializable(typeof(WireConfigMap))]
[JsonSerializable(typeof(WireCronJob))]
[JsonSerializable(typeof(WireIngress))]
[JsonSerializable(typeof(WireRoute))]
[JsonSerializable(typeof(WireLease))]
[JsonSerializable(typeof(WirePostgresCluster))]
[JsonSerializable(typeof(WireSecret))]
[JsonSerializable(typeof(WireService))]
[JsonSerializable(typeof(WireObject))]
[JsonSerializable(typeof(WireStatus))]
[JsonSerializable(typeof(WireExecStatus))]
[JsonSerializable(typeof(WireGroups))]
[JsonSerializable(typeof(WireVersion))]
[JsonSerializable(typeof(WireAccessReview))]
[JsonSerializable(typeof(WireHelmRelease))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class WireJson : JsonSerializerContext;
