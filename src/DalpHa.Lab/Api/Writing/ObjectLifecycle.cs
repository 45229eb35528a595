using System.Globalization;
using System.Text.Json.Nodes;

namespace DalpHa.Lab.Api.Writing;

/// <summary>How objects end: finalizers, grace periods, dependents, namespaces. The caller holds the store.</summary>
internal sealed class ObjectLifecycle(ObjectStore store, ResourceCatalog catalog, TimeProvider time)
{
    private const string Foreground = "foregroundDeletion";

    /// <summary>Ends an object as far as its finalizers and its grace period let it.</summary>
    /// <returns>The object as it is now, and whether it is gone.</returns>
    public (StoredObject Object, bool Gone) Delete(StoredObject stored, long? grace, string? propagation)
    {
        if (stored.Kind == ResourceCatalog.Namespaces)
        {
            return DeleteNamespace(stored);
        }
        var value = stored.Value.DeepClone().AsObject();
        var metadata = value.Child("metadata");
        switch (propagation)
        {
            case "Foreground" when store.Dependents(stored.Uid).Count > 0:
                AddFinalizer(metadata, Foreground);
                break;
            case "Orphan" when !stored.Deleting:
                ReleaseDependents(stored);
                break;
        }
        var seconds = GraceOf(stored, grace);
        var finalizers = metadata.Strings("finalizers").Any();
        if (!finalizers && seconds == 0)
        {
            return (Remove(stored), true);
        }
        if (stored.Deleting && stored.Metadata.Number("deletionGracePeriodSeconds") <= seconds && propagation != "Foreground")
        {
            return (stored, false);
        }
        if (!stored.Deleting && stored.Metadata["generation"] is not null)
        {
            metadata["generation"] = (stored.Metadata.Number("generation") ?? 0) + 1;
        }
        metadata["deletionTimestamp"] = Timestamp(time.GetUtcNow().AddSeconds(seconds));
        metadata["deletionGracePeriodSeconds"] = seconds;
        var ending = store.Put(stored.Kind, value);
        if (propagation == "Foreground")
        {
            foreach (var dependent in store.Dependents(stored.Uid))
            {
                Delete(dependent, null, "Foreground");
            }
            FinishForeground(ending.Uid);
            return store.FindByUid(ending.Uid) is { } left ? (left, false) : (ending, true);
        }
        return (ending, false);
    }

    /// <summary>Stores a change of an object, and removes it when the change took away what held it back.</summary>
    public StoredObject Commit(ResourceKind kind, JsonObject value)
    {
        var stored = store.Put(kind, value);
        var held = stored.Metadata.Strings("finalizers").Any()
            || (stored.Metadata.Number("deletionGracePeriodSeconds") ?? 0) > 0
            || (kind == ResourceCatalog.Namespaces && stored.Value.Strings("spec.finalizers").Any());
        if (stored.Deleting && !held)
        {
            return Remove(stored);
        }
        if (kind == ResourceCatalog.Definitions)
        {
            catalog.Define(stored.Name, CustomKinds.Of(stored.Value));
        }
        return stored;
    }

    /// <summary>An object whose owners are all gone by the time it is made follows them.</summary>
    public void CollectIfOrphaned(StoredObject stored)
    {
        var owners = stored.Metadata.Items("ownerReferences").Select(owner => owner.Text("uid")).OfType<string>().ToList();
        if (owners.Count > 0 && !owners.Exists(store.Exists))
        {
            Delete(stored, null, "Background");
        }
    }

    public static string Timestamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private StoredObject Remove(StoredObject stored)
    {
        var last = store.Remove(stored);
        if (stored.Kind == ResourceCatalog.Definitions)
        {
            RemoveCustomObjects(stored);
        }
        foreach (var dependent in store.Dependents(stored.Uid))
        {
            CollectIfOrphaned(dependent);
        }
        foreach (var owner in stored.Metadata.Items("ownerReferences").Select(owner => owner.Text("uid")).OfType<string>())
        {
            FinishForeground(owner);
        }
        if (stored.Namespace is { } name && store.Find(ResourceCatalog.Namespaces, null, name) is { Deleting: true } space)
        {
            FinishNamespace(space);
        }
        return last;
    }

    private void RemoveCustomObjects(StoredObject definition)
    {
        foreach (var kind in catalog.Undefine(definition.Name).DistinctBy(kind => kind.Storage))
        {
            foreach (var stored in store.Read(kind).Objects.Values)
            {
                Remove(stored);
            }
        }
    }

    private (StoredObject, bool) DeleteNamespace(StoredObject stored)
    {
        if (stored.Deleting)
        {
            return (stored, false);
        }
        var value = stored.Value.DeepClone().AsObject();
        value.Child("metadata")["deletionTimestamp"] = Timestamp(time.GetUtcNow());
        value.Child("status")["phase"] = "Terminating";
        var ending = store.Put(stored.Kind, value);
        foreach (var content in store.Contents(stored.Name))
        {
            // An earlier deletion may have taken this one along.
            if (store.FindByUid(content.Uid) is { } still)
            {
                Delete(still, null, "Background");
            }
        }
        FinishNamespace(ending);
        return (ending, false);
    }

    private void FinishNamespace(StoredObject space)
    {
        if (store.Find(space.Kind, null, space.Name) is { } current && store.Contents(space.Name).Count == 0)
        {
            var value = current.Value.DeepClone().AsObject();
            value.Child("spec")["finalizers"] = new JsonArray();
            Commit(space.Kind, value);
        }
    }

    private void FinishForeground(string owner)
    {
        var blocked = store.Dependents(owner).Any(dependent => dependent.Metadata.Items("ownerReferences")
            .Any(reference => reference.Text("uid") == owner && reference.Text("blockOwnerDeletion") == "true"));
        if (!blocked && store.FindByUid(owner) is { Deleting: true } waiting && waiting.Metadata.Strings("finalizers").Contains(Foreground))
        {
            var value = waiting.Value.DeepClone().AsObject();
            var left = waiting.Metadata.Strings("finalizers").Where(finalizer => finalizer != Foreground);
            value.Child("metadata")["finalizers"] = new JsonArray([.. left.Select(finalizer => (JsonNode)finalizer)]);
            value.Child("metadata")["deletionGracePeriodSeconds"] = 0;
            Commit(waiting.Kind, value);
        }
    }

    private void ReleaseDependents(StoredObject owner)
    {
        foreach (var dependent in store.Dependents(owner.Uid))
        {
            var value = dependent.Value.DeepClone().AsObject();
            var others = value.Child("metadata").Items("ownerReferences").Where(reference => reference.Text("uid") != owner.Uid).ToList();
            if (others.Count > 0)
            {
                value.Child("metadata")["ownerReferences"] = new JsonArray([.. others.Select(reference => reference.DeepClone())]);
            }
            else
            {
                value.Child("metadata").Remove("ownerReferences");
            }
            store.Put(dependent.Kind, value);
        }
    }

    private static void AddFinalizer(JsonObject metadata, string finalizer)
    {
        if (!metadata.Strings("finalizers").Contains(finalizer))
        {
            metadata.Default("finalizers", new JsonArray())["finalizers"]!.AsArray().Add(finalizer);
        }
    }

    /// <summary>Only a pod that runs on a node has somebody who needs the time.</summary>
    private static long GraceOf(StoredObject stored, long? asked)
    {
        if (stored.Kind != ResourceCatalog.Pods
            || string.IsNullOrEmpty(stored.Value.Text("spec.nodeName"))
            || stored.Value.Text("status.phase") is "Succeeded" or "Failed")
        {
            return 0;
        }
        return Math.Max(0, asked ?? stored.Value.Number("spec.terminationGracePeriodSeconds") ?? 30);
    }
}
