using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api;

/// <summary>One version of one object. Its value is never changed: a change is another version.</summary>
internal sealed class StoredObject
{
    private readonly Lazy<byte[]> _body;

    public StoredObject(ResourceKind kind, ulong version, JsonObject value)
    {
        Kind = kind;
        Version = version;
        Value = value;
        Metadata = value["metadata"]!.AsObject();
        Namespace = (string?)Metadata["namespace"];
        Name = (string)Metadata["name"]!;
        Uid = (string)Metadata["uid"]!;
        Key = ResourceKind.KeyOf(Namespace, Name);
        _body = new(Body);
    }

    public ResourceKind Kind { get; }

    public ulong Version { get; }

    public JsonObject Value { get; }

    public JsonObject Metadata { get; }

    public string? Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    public string Key { get; }

    public bool Deleting => Metadata["deletionTimestamp"] is not null;

    /// <summary>The same state told at a later version, as the last one of an object that goes.</summary>
    public StoredObject At(ulong version)
    {
        var value = Value.DeepClone().AsObject();
        value["metadata"]!["resourceVersion"] = Text(version);
        return new StoredObject(Kind, version, value);
    }

    /// <summary>The object in the version of its group that was asked for.</summary>
    public byte[] ToJson(ResourceKind kind) =>
        [.. Encoding.UTF8.GetBytes($"{{\"kind\":\"{kind.Kind}\",\"apiVersion\":\"{kind.GroupVersion}\","), .. _body.Value];

    /// <summary>The object as an item of a list, where built-in kinds leave out what the list already says.</summary>
    public byte[] ToListItem(ResourceKind kind) => kind.Custom ? ToJson(kind) : [(byte)'{', .. _body.Value];

    /// <summary>A copy to change, in the version of its group that was asked for.</summary>
    public JsonObject Copy(ResourceKind kind)
    {
        var copy = Value.DeepClone().AsObject();
        copy["apiVersion"] = kind.GroupVersion;
        return copy;
    }

    private byte[] Body()
    {
        var copy = Value.DeepClone().AsObject();
        copy.Remove("kind");
        copy.Remove("apiVersion");
        return JsonAnswer.Serialize(copy)[1..];
    }

    public static string Text(ulong version) => version.ToString(CultureInfo.InvariantCulture);
}
