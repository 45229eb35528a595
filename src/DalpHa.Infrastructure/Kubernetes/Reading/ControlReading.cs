using System.Globalization;
using System.Text.Json;
using DalpHa.Core.Clusters;
using DalpHa.Core.Failover;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Reads and writes what DalpHa keeps in a cluster, and reads the clusters of CloudNativePG.</summary>
internal static class ControlReading
{
    public const string ManagedBy = "app.kubernetes.io/managed-by";
    public const string Dalpha = "dalpha";

    // The API server parses a MicroTime by exactly this form.
    private const string MicroTime = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>A note; null for a ConfigMap that is not DalpHa's.</summary>
    public static ClusterNote? ToNote(WireConfigMap wire) => wire.Metadata.Labels?.GetValueOrDefault(ManagedBy) != Dalpha
        ? null
        : new ClusterNote(
            wire.Metadata.Name,
            wire.Metadata.Labels.Where(label => label.Key != ManagedBy).ToDictionary(),
            (wire.Data ?? []).ToDictionary(entry => entry.Key, entry => entry.Value ?? ""),
            wire.Metadata.ResourceVersion);

    /// <summary>A note as it is written.</summary>
    public static WireConfigMap ToWire(string @namespace, ClusterNote note) => new(
        new WireMetadata
        {
            Name = note.Name,
            Namespace = @namespace,
            ResourceVersion = note.Version,
            Labels = new Dictionary<string, string>(note.Labels) { [ManagedBy] = Dalpha },
        },
        note.Entries.ToDictionary(entry => entry.Key, string? (entry) => entry.Value),
        null);

    /// <summary>Whether a ConfigMap holds just what a note says.</summary>
    public static bool Holds(WireConfigMap wire, ClusterNote note) =>
        ToNote(wire) is { } there && Same(there.Labels, note.Labels) && Same(there.Entries, note.Entries);

    /// <summary>A lease.</summary>
    /// <exception cref="FormatException">A time of it is none.</exception>
    public static ClusterLease ToLease(WireLease wire) => new(
        wire.Metadata.Name,
        string.IsNullOrEmpty(wire.Spec?.HolderIdentity) ? null : wire.Spec.HolderIdentity,
        TimeSpan.FromSeconds(wire.Spec?.LeaseDurationSeconds ?? 0),
        ToTime(wire.Spec?.AcquireTime),
        ToTime(wire.Spec?.RenewTime),
        wire.Spec?.LeaseTransitions ?? 0,
        wire.Metadata.ResourceVersion);

    /// <summary>A lease as it is written.</summary>
    public static WireLease ToWire(string @namespace, ClusterLease lease) => new(
        new WireMetadata { Name = lease.Name, Namespace = @namespace, ResourceVersion = lease.Version },
        new WireLeaseSpec
        {
            HolderIdentity = lease.Holder,
            LeaseDurationSeconds = (int)Math.Ceiling(lease.Duration.TotalSeconds),
            AcquireTime = ToText(lease.AcquiredAt),
            RenewTime = ToText(lease.RenewedAt),
            LeaseTransitions = lease.Transitions,
        });

    /// <summary>The parameter of a Cluster that says what transactions are by default.</summary>
    public const string ReadOnlyDefault = "default_transaction_read_only";

    /// <summary>The annotation of a Cluster that keeps what that parameter was before DalpHa changed it.</summary>
    public const string ReadOnlyBefore = "dalpha.io/read-only-before";

    /// <summary>A cluster of CloudNativePG.</summary>
    public static PostgresCluster ToPostgresCluster(WirePostgresCluster wire)
    {
        var replica = wire.Spec?.Replica ?? new WireReplicaConfiguration();
        var status = wire.Status ?? new WirePostgresStatus();
        return new PostgresCluster
        {
            Namespace = wire.Metadata.Namespace ?? "",
            Name = wire.Metadata.Name,
            Version = wire.Metadata.ResourceVersion ?? "",
            Self = Given(replica.Self),
            Primary = Given(replica.Primary),
            Source = Given(replica.Source),
            ReplicaEnabled = replica.Enabled,
            PromotionToken = Given(replica.PromotionToken),
            MinApplyDelay = Given(replica.MinApplyDelay),
            AllowsAlterSystem = wire.Spec?.Postgresql?.EnableAlterSystem == true,
            ReadOnlyDefault = wire.Spec?.Postgresql?.Parameters?.GetValueOrDefault(ReadOnlyDefault),
            ReadOnlyBefore = wire.Metadata.Annotations?.GetValueOrDefault(ReadOnlyBefore),
            Instances = wire.Spec?.Instances ?? 0,
            ReadyInstances = status.ReadyInstances ?? 0,
            Phase = Given(status.Phase),
            PhaseReason = Given(status.PhaseReason),
            CurrentPrimary = Given(status.CurrentPrimary),
            TargetPrimary = Given(status.TargetPrimary),
            CurrentPrimaryTimestamp = Given(status.CurrentPrimaryTimestamp),
            Timeline = status.TimelineID,
            SystemIdentifier = Given(status.SystemID),
            DemotionToken = Given(status.DemotionToken),
            LastPromotionToken = Given(status.LastPromotionToken),
            IsSwitching = status.SwitchReplicaClusterStatus?.InProgress == true,
            IsReady = status.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true,
            FencedInstances = ToFenced(wire.Metadata.Annotations?.GetValueOrDefault("cnpg.io/fencedInstances")),
            IsHibernated = wire.Metadata.Annotations?.GetValueOrDefault("cnpg.io/hibernation") == "on",
        };
    }

    // The operator stops at an annotation that it can't read, and fences nothing new by it.
    private static string[] ToFenced(string? annotation)
    {
        try
        {
            return annotation is null ? [] : JsonSerializer.Deserialize(annotation, WireJson.Default.StringArray) ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static DateTimeOffset? ToTime(string? text) =>
        text is null ? null : DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    private static string? ToText(DateTimeOffset? time) => time?.UtcDateTime.ToString(MicroTime, CultureInfo.InvariantCulture);

    private static bool Same(IReadOnlyDictionary<string, string> left, IReadOnlyDictionary<string, string> right) =>
        left.Count == right.Count && left.All(entry => right.TryGetValue(entry.Key, out var other) && other == entry.Value);
}
