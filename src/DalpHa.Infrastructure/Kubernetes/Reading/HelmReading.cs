using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// Reads Helm 3's record of a release, kept in a Secret or a ConfigMap: its value is base64 text of a gzip stream of JSON (helm.sh/helm/v3/pkg/storage/driver: encodeRelease).
/// The chart's templates in it are skipped, and the user's values, which may hold passwords, become digests.
/// </summary>
internal static class HelmReading
{
    private const long MaxUnpackedBytes = 64 * 1024 * 1024;

    private const string RecordPrefix = "sh.helm.release.v1.";

    /// <summary>Whether an object of this name is Helm's own record of a release.</summary>
    public static bool IsRecord(string name) => name.StartsWith(RecordPrefix, StringComparison.Ordinal);

    /// <summary>The release in a Secret. The Secret's values are overwritten.</summary>
    /// <exception cref="DalpException">The record can't be read.</exception>
    public static HelmRelease ToRelease(WireSecret wire, DigestKey key)
    {
        try
        {
            return ToRelease(wire.Metadata, wire.Data?.GetValueOrDefault("release"), key);
        }
        finally
        {
            wire.Erase();
        }
    }

    /// <summary>The release in a ConfigMap, where Helm keeps it with <c>HELM_DRIVER=configmap</c>.</summary>
    /// <exception cref="DalpException">The record can't be read.</exception>
    public static HelmRelease ToRelease(WireConfigMap wire, DigestKey key) =>
        ToRelease(wire.Metadata, wire.Data?.GetValueOrDefault("release") is { } text ? Encoding.UTF8.GetBytes(text) : null, key);

    /// <summary>What is deployed of one release, with how its newest attempt ended; null when nothing is.</summary>
    public static HelmRelease? Latest(IEnumerable<HelmRelease> attempts)
    {
        var newestFirst = attempts.OrderByDescending(attempt => attempt.Revision).ToList();
        return newestFirst.Find(attempt => attempt.LastStatus == HelmRelease.Deployed) is { } deployed ? deployed with { LastStatus = newestFirst[0].LastStatus } : null;
    }

    private static HelmRelease ToRelease(WireMetadata record, byte[]? value, DigestKey key)
    {
        try
        {
            var release = Unpack(value ?? throw new InvalidDataException("the key 'release' is missing"));
            var chart = release.Chart?.Metadata;
            return release.Name is { Length: > 0 } name && chart is { Name: { } chartName, Version: { } chartVersion }
                ? new HelmRelease(name, release.Version, chartName, chartVersion, chart.AppVersion, DigestsOf(release.Config, key))
                {
                    LastStatus = record.Labels?.GetValueOrDefault("status") ?? HelmRelease.Deployed,
                }
                : throw new InvalidDataException("it names no release or no chart");
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException or TooLongException)
        {
            throw new DalpException(
                "HelmReleaseUnreadable",
                FaultKind.InvalidAnswer,
                $"Helm's record '{record.Name}' can't be read: {(exception is JsonException ? "it is not the JSON that Helm 3 writes" : exception.Message)}.",
                "Check it with 'helm history'; a damaged record is repaired by the next 'helm upgrade'.",
                record.Name,
                exception);
        }
    }

    private static WireHelmRelease Unpack(byte[] value)
    {
        var packed = new byte[Base64.GetMaxDecodedFromUtf8Length(value.Length)];
        if (Base64.DecodeFromUtf8(value, packed, out _, out var length) != OperationStatus.Done)
        {
            throw new InvalidDataException("it is not base64");
        }
        using var gzip = new GZipStream(new MemoryStream(packed, 0, length), CompressionMode.Decompress);
        using var bounded = new BoundedStream(gzip, MaxUnpackedBytes);
        return JsonSerializer.Deserialize(bounded, WireJson.Default.WireHelmRelease) ?? throw new InvalidDataException("it is empty");
    }

    // Every scalar is a value of its own, and so is what holds nothing: an empty mapping or list. Helm leaves the values out, or writes null, when the user gave none.
    private static Dictionary<string, string> DigestsOf(JsonElement? values, DigestKey key)
    {
        var digests = new Dictionary<string, string>(StringComparer.Ordinal);
        if (values is { ValueKind: JsonValueKind.Object } given)
        {
            foreach (var property in given.EnumerateObject())
            {
                Add(EscapedName(property), property.Value);
            }
        }
        return digests;

        void Add(string path, JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object when element.EnumerateObject().Any():
                    foreach (var property in element.EnumerateObject())
                    {
                        Add($"{path}.{EscapedName(property)}", property.Value);
                    }
                    break;
                case JsonValueKind.Array when element.GetArrayLength() > 0:
                    foreach (var (index, item) in element.EnumerateArray().Index())
                    {
                        Add(string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]"), item);
                    }
                    break;
                default:
                    digests[path] = key.Compute(Encoding.UTF8.GetBytes(element.GetRawText()));
                    break;
            }
        }
    }

    // As helm --set has it: a dot that belongs to a key is escaped.
    private static string EscapedName(JsonProperty property) => property.Name.Replace("\\", "\\\\").Replace(".", "\\.").Replace("[", "\\[");
}
