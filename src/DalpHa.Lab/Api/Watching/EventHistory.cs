using System.Collections.Immutable;
using System.Threading.Channels;

namespace DalpHa.Lab.Api.Watching;

internal enum ChangeType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One change of one object, with the state before it, from which a selecting watch tells whether the object came or went.</summary>
internal sealed record StoreEvent(ulong Version, ChangeType Type, StoredObject Object, StoredObject? Before);

/// <summary>The last changes, and who wants to hear the next ones. Guarded by the store's lock.</summary>
internal sealed class EventHistory(int limit)
{
    private readonly Queue<StoreEvent> _events = new();
    private readonly List<WatchSubscription> _subscriptions = [];
    private ulong _forgotten;

    public bool Reaches(ulong version) => version >= _forgotten;

    public void Add(StoreEvent change)
    {
        _events.Enqueue(change);
        if (_events.Count > limit)
        {
            _forgotten = _events.Dequeue().Version;
        }
        _subscriptions.RemoveAll(subscription => subscription.Ended);
        foreach (var subscription in _subscriptions)
        {
            subscription.Offer(change);
        }
    }

    /// <summary>Takes the changes of one kind after a version back, the last first.</summary>
    public ImmutableSortedDictionary<string, StoredObject> Undo(ImmutableSortedDictionary<string, StoredObject> objects, string storage, ulong version)
    {
        foreach (var change in _events.Where(change => change.Version > version && change.Object.Kind.Storage == storage).Reverse())
        {
            objects = change.Before is null ? objects.Remove(change.Object.Key) : objects.SetItem(change.Object.Key, change.Before);
        }
        return objects;
    }

    public WatchSubscription Subscribe(string storage, ulong after)
    {
        var subscription = new WatchSubscription(storage, after);
        foreach (var change in _events)
        {
            subscription.Offer(change);
        }
        _subscriptions.Add(subscription);
        return subscription;
    }
}

/// <summary>The changes of one kind after one version, in order.</summary>
internal sealed class WatchSubscription(string storage, ulong after) : IDisposable
{
    private readonly Channel<StoreEvent> _changes = Channel.CreateUnbounded<StoreEvent>(new() { SingleReader = true });
    private volatile bool _ended;

    public bool Ended => _ended;

    public ChannelReader<StoreEvent> Changes => _changes.Reader;

    public void Offer(StoreEvent change)
    {
        if (change.Version > after && change.Object.Kind.Storage == storage)
        {
            _changes.Writer.TryWrite(change);
        }
    }

    public void Dispose() => _ended = true;
}
