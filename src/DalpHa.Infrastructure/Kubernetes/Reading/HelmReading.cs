using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;
using System.Text.Json;
using DalpHa.Core.Clusters;
using DalpHa.Core.Errors;

namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>
/// Reads Helm 3's record of a release: the Secret's value is base64 text of a gzip stream of JSON (helm.sh/helm/v3/pkg/storage/driver: encodeRelease).
/// The chart's templates in it are skipped, and the user's values, which may hold passwords, become one digest.
/// </summary>
internal static class HelmReading
{
    private const long MaxUnpackedBytes = 64 * 1024 * 1024;

    /// <summary>The release in a Secret. The Secret's values are overwritten.</summary>
    /// <exception cref="DalpException">The record can't be read.</exception>
    public static HelmRelease ToRelease(WireSecret wire, DigestKey key)
    {
        try
        {
            var release = Unpack(wire.Data?.GetValueOrDefault("release") ?? throw new InvalidDataException("the key 'release' is missing"));
            var chart = release.Chart?.Metadata;
            return release.Name is { Length: > 0 } name && chart is { Name: { } chartName, Version: { } chartVersion }
                ? new HelmRelease(name, release.Version, chartName, chartVersion, chart.AppVersion, DigestOf(release.Config, key))
                : throw new InvalidDataException("it names no release or no chart");
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException or TooLongException)
        {
            throw new DalpException(
                "HelmReleaseUnreadable",
                FaultKind.InvalidAnswer,
                $"Helm's record '{wire.Metadata.Name}' can't be read: {(exception is JsonException ? "it is not the JSON that Helm 3 writes" : exception.Message)}.",
                "Check it with 'helm history'; a damaged record is repaired by the next 'helm upgrade'.",
                wire.Metadata.Name,
                exception);
        }
        finally
        {
            wire.Erase();
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

    private static string DigestOf(JsonElement? values, DigestKey key)
    {
        var canonical = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(canonical))
        {
            if (values is { ValueKind: JsonValueKind.Object } given)
            {
                WriteSorted(given, writer);
            }
            else
            {
                // Helm leaves the values out, or writes null, when the user gave none.
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
        }
        var digest = key.Compute(canonical.WrittenSpan);
        canonical.Clear();
        return digest;
    }

    private static void WriteSorted(JsonElement element, Utf8JsonWriter writer)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in element.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(property.Name);
                    WriteSorted(property.Value, writer);
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    WriteSorted(item, writer);
                }
                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
