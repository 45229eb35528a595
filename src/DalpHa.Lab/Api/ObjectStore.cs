using System.Collections.Immutable;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Watching;

namespace DalpHa.Lab.Api;

/// <summary>All objects of one endpoint in memory: one counter of versions, immutable snapshots, and the history that watches replay.</summary>
internal sealed class ObjectStore(int historyLimit)
{
    private static readonly ImmutableSortedDictionary<string, StoredObject> Empty =
        ImmutableSortedDictionary.Create<string, StoredObject>(StringComparer.Ordinal);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ImmutableSortedDictionary<string, StoredObject>> _objects = [];
    private readonly Dictionary<string, StoredObject> _byUid = [];
    private readonly Dictionary<string, Dictionary<string, StoredObject>> _byOwner = [];
    private readonly EventHistory _history = new(historyLimit);
    private ulong _version = 1;

    /// <summary>Does a read and the write that depends on it as one step. May be nested.</summary>
    public T Exclusively<T>(Func<T> step)
    {
        lock (_gate)
        {
            return step();
        }
    }

    public StoredObject? Find(ResourceKind kind, string? @namespace, string name)
    {
        lock (_gate)
        {
            return All(kind).GetValueOrDefault(ResourceKind.KeyOf(@namespace, name));
        }
    }

    public bool Exists(string uid)
    {
        lock (_gate)
        {
            return _byUid.ContainsKey(uid);
        }
    }

    public StoredObject? FindByUid(string uid)
    {
        lock (_gate)
        {
            return _byUid.GetValueOrDefault(uid);
        }
    }

    /// <summary>The objects that name this one as an owner.</summary>
    public IReadOnlyList<StoredObject> Dependents(string uid)
    {
        lock (_gate)
        {
            return _byOwner.TryGetValue(uid, out var dependents) ? [.. dependents.Values] : [];
        }
    }

    public IReadOnlyList<StoredObject> Contents(string @namespace)
    {
        lock (_gate)
        {
            return [.. _objects.Values.SelectMany(objects => objects.Values).Where(stored => stored.Namespace == @namespace)];
        }
    }

    public Snapshot Read(ResourceKind kind)
    {
        lock (_gate)
        {
            return new Snapshot(_version, All(kind));
        }
    }

    /// <summary>One kind as it was at a version, or null when that version is out of the history.</summary>
    public Snapshot? ReadAt(ResourceKind kind, ulong version)
    {
        lock (_gate)
        {
            return _history.Reaches(version) ? new Snapshot(version, _history.Undo(All(kind), kind.Storage, version)) : null;
        }
    }

    /// <summary>Stores a new version of an object, existing or not, and tells the watches.</summary>
    public StoredObject Put(ResourceKind kind, JsonObject value)
    {
        lock (_gate)
        {
            value["metadata"]!["resourceVersion"] = StoredObject.Text(++_version);
            var stored = new StoredObject(kind, _version, value);
            var before = All(kind).GetValueOrDefault(stored.Key);
            _objects[kind.Storage] = All(kind).SetItem(stored.Key, stored);
            Unindex(before);
            Index(stored);
            _history.Add(new StoreEvent(_version, before is null ? ChangeType.Added : ChangeType.Modified, stored, before));
            return stored;
        }
    }

    /// <summary>Removes an object and tells the watches its last state.</summary>
    public StoredObject Remove(StoredObject gone)
    {
        lock (_gate)
        {
            var last = gone.At(++_version);
            _objects[gone.Kind.Storage] = All(gone.Kind).Remove(gone.Key);
            Unindex(gone);
            _history.Add(new StoreEvent(_version, ChangeType.Deleted, last, gone));
            return last;
        }
    }

    /// <summary>The state of one kind and every change after it, with none lost between the two.</summary>
    public (Snapshot Now, WatchSubscription Changes) Watch(ResourceKind kind)
    {
        lock (_gate)
        {
            return (Read(kind), _history.Subscribe(kind.Storage, _version));
        }
    }

    /// <summary>Every change of one kind after a version, or null when that version is out of the history.</summary>
    public WatchSubscription? WatchFrom(ResourceKind kind, ulong version)
    {
        lock (_gate)
        {
            return _history.Reaches(version) ? _history.Subscribe(kind.Storage, version) : null;
        }
    }

    public ulong Version
    {
        get
        {
            lock (_gate)
            {
                return _version;
            }
        }
    }

    private ImmutableSortedDictionary<string, StoredObject> All(ResourceKind kind) => _objects.GetValueOrDefault(kind.Storage, Empty);

    private void Index(StoredObject stored)
    {
        _byUid[stored.Uid] = stored;
        foreach (var owner in Owners(stored))
        {
            if (!_byOwner.TryGetValue(owner, out var dependents))
            {
                _byOwner[owner] = dependents = [];
            }
            dependents[stored.Uid] = stored;
        }
    }

    private void Unindex(StoredObject? stored)
    {
        if (stored is null)
        {
            return;
        }
        _byUid.Remove(stored.Uid);
        foreach (var owner in Owners(stored))
        {
            if (_byOwner.TryGetValue(owner, out var dependents) && dependents.Remove(stored.Uid) && dependents.Count == 0)
            {
                _byOwner.Remove(owner);
            }
        }
    }

    private static IEnumerable<string> Owners(StoredObject stored) =>
        (stored.Metadata["ownerReferences"] as JsonArray ?? []).Select(owner => (string?)owner?["uid"]).OfType<string>().Distinct();
}

/// <summary>All objects of one kind at one version, in the order of their keys.</summary>
internal sealed record Snapshot(ulong Version, ImmutableSortedDictionary<string, StoredObject> Objects);
