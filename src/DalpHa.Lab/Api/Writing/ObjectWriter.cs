using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Admission;
using DalpHa.Lab.Api.Patching;
using DalpHa.Lab.Api.Rbac;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Writing;

/// <summary>Creates and changes objects: what clients may set, what the server sets, and who owns which field.</summary>
internal sealed class ObjectWriter(ObjectStore store, ObjectLifecycle lifecycle, GrantGuard grants, IReadOnlyList<ValidatingHook> hooks, TimeProvider time)
{
    private const string Suffix = "bcdfghjklmnpqrstvwxz2456789";

    private static readonly string[] ServerSide =
        ["uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"];

    public StoredObject Create(ApiRequest request, JsonObject value, ManagedFields.Operation operation = ManagedFields.Operation.Update)
    {
        var kind = request.Kind;
        var dryRun = request.DryRun;
        var metadata = value.Child("metadata");
        CheckType(kind, value);
        CheckNamespace(request, metadata);
        if (!string.IsNullOrEmpty(metadata.Text("resourceVersion")))
        {
            throw ApiException.BadRequest("resourceVersion should not be set on objects to be created");
        }
        var claimed = operation == ManagedFields.Operation.Apply ? metadata["managedFields"]?.DeepClone() : null;
        foreach (var name in ServerSide)
        {
            metadata.Remove(name);
        }
        NameIt(kind, metadata);
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Now();
        if (kind.CountsGeneration)
        {
            metadata["generation"] = 1;
        }
        Defaults.Apply(kind, value);
        Defaults.InitialStatus(kind, value);
        CustomSchema.Admit(kind, value);
        Validation.Check(kind, value, null);
        grants.Check(request, value, null);
        AskHooks(kind, value, null);
        return store.Exclusively(() =>
        {
            CheckNamespaceAlive(request, metadata);
            if (store.Find(kind, metadata.Text("namespace"), metadata.Text("name")!) is not null)
            {
                throw ApiException.AlreadyExists(kind.Group, kind.Plural, metadata.Text("name")!);
            }
            if (kind == ResourceCatalog.Definitions)
            {
                CustomKinds.Complete(value, Now());
            }
            metadata["managedFields"] = claimed ?? ManagedFields.OfCreation(kind, value, request.FieldManager, Now());
            if (dryRun)
            {
                return new StoredObject(kind, store.Version, value);
            }
            var stored = lifecycle.Commit(kind, value);
            if (kind == ResourceCatalog.Namespaces)
            {
                Furnish(stored.Name);
            }
            lifecycle.CollectIfOrphaned(stored);
            return stored;
        });
    }

    /// <summary>Replaces an object's wanted state, or its status, by what <paramref name="change"/> makes of a copy of it.</summary>
    public StoredObject Change(ApiRequest request, Func<JsonObject, JsonObject> change, ManagedFields.Operation operation = ManagedFields.Operation.Update)
    {
        var kind = request.Kind;
        var dryRun = request.DryRun;
        return store.Exclusively(() =>
        {
            var before = store.Find(kind, request.Namespace, request.Target.Name)
                ?? throw ApiException.NotFound(kind.Group, kind.Plural, request.Target.Name);
            var old = before.Copy(kind);
            var value = change(before.Copy(kind));
            CheckType(kind, value);
            Preconditions(request, before, value);
            var status = request.Target.Subresource == "status";
            Keep(kind, old, value, status);
            Defaults.Apply(kind, value);
            CustomSchema.Admit(kind, value);
            Validation.Check(kind, value, old);
            grants.Check(request, value, old);
            if (!status)
            {
                AskHooks(kind, value, old);
            }
            if (kind == ResourceCatalog.Definitions && !status)
            {
                CustomKinds.Complete(value, Now());
            }
            if (kind.CountsGeneration && WantedStateChanged(kind, old, value))
            {
                value.Child("metadata")["generation"] = (before.Metadata.Number("generation") ?? 0) + 1;
            }
            if (operation == ManagedFields.Operation.Update)
            {
                value.Child("metadata")["managedFields"] = ManagedFields.AfterUpdate(kind, old, value, request.FieldManager, request.Target.Subresource, Now());
            }
            if (Same(old, value))
            {
                return before;
            }
            return dryRun ? new StoredObject(kind, before.Version, value) : lifecycle.Commit(kind, value);
        });
    }

    private static void Preconditions(ApiRequest request, StoredObject before, JsonObject value)
    {
        var kind = request.Kind;
        var metadata = value.Child("metadata");
        if (metadata.Text("name") != before.Name)
        {
            throw ApiException.BadRequest(
                $"the name of the object ({metadata.Text("name")}) does not match the name on the URL ({before.Name})");
        }
        CheckNamespace(request, metadata);
        var uid = metadata.Text("uid");
        if (!string.IsNullOrEmpty(uid) && uid != before.Uid)
        {
            throw request.Target.Verb == "patch"
                ? ApiException.Invalid(kind.Group, kind.Kind, before.Name, [Validation.Invalid("metadata.uid", uid, "field is immutable")])
                : ApiException.Conflict(kind.Group, kind.Plural, before.Name,
                    $"Precondition failed: UID in precondition: {uid}, UID in object meta: {before.Uid}");
        }
        var version = metadata.Text("resourceVersion");
        if (string.IsNullOrEmpty(version) && kind.Custom)
        {
            throw ApiException.Invalid(kind.Group, kind.Kind, before.Name,
                [new("FieldValueInvalid", "Invalid value: 0x0: must be specified for an update", "metadata.resourceVersion")]);
        }
        if (!string.IsNullOrEmpty(version) && version != StoredObject.Text(before.Version))
        {
            throw ApiException.Stale(kind.Group, kind.Plural, before.Name);
        }
        Validation.CheckDeletion(kind, metadata, before.Metadata);
    }

    /// <summary>Puts back what this request may not change.</summary>
    private static void Keep(ResourceKind kind, JsonObject old, JsonObject value, bool status)
    {
        if (status)
        {
            var owners = value.At("metadata.managedFields")?.DeepClone();
            foreach (var name in value.Select(member => member.Key).Union(old.Select(member => member.Key)).Where(name => name != "status").ToList())
            {
                Restore(old, value, name);
            }
            value.Child("metadata")["managedFields"] = owners ?? value.At("metadata.managedFields")?.DeepClone();
            return;
        }
        foreach (var name in ServerSide.Where(name => name != "managedFields").Append("resourceVersion"))
        {
            Restore(old.Child("metadata"), value.Child("metadata"), name);
        }
        value.Child("metadata").Default("managedFields", old.Child("metadata")["managedFields"]?.DeepClone());
        if (kind.HasStatus)
        {
            Restore(old, value, "status");
        }
        if (kind.Kind == "Service")
        {
            value.Child("spec").Default("clusterIP", old.At("spec.clusterIP")?.DeepClone()).Default("clusterIPs", old.At("spec.clusterIPs")?.DeepClone());
        }
        if (kind == ResourceCatalog.Namespaces)
        {
            Restore(old, value, "spec");
        }
    }

    private static void Restore(JsonObject from, JsonObject to, string name)
    {
        if (from.ContainsKey(name))
        {
            to[name] = from[name]?.DeepClone();
        }
        else
        {
            to.Remove(name);
        }
    }

    private static bool WantedStateChanged(ResourceKind kind, JsonObject old, JsonObject value) => kind.Custom
        ? !value.SameExcept(old, kind.HasStatus ? ["metadata", "status", "apiVersion"] : ["metadata", "apiVersion"])
        : !JsonNode.DeepEquals(old["spec"], value["spec"]);

    /// <summary>Nothing but the record of who wrote last would change: the real server leaves such an object and its version alone.</summary>
    private static bool Same(JsonObject old, JsonObject value) =>
        old.SameExcept(value, "metadata") && old.Child("metadata").SameExcept(value.Child("metadata"), "managedFields")
        && ManagedFields.SameOwners(old, value);

    private void AskHooks(ResourceKind kind, JsonObject value, JsonObject? old)
    {
        foreach (var hook in hooks.Where(hook => hook.Group == kind.Group && hook.Plural == kind.Plural))
        {
            if (hook.Refuse(kind.Kind, value, old) is { } refusal)
            {
                throw refusal;
            }
        }
    }

    private static void CheckType(ResourceKind kind, JsonObject value)
    {
        value.Default("kind", kind.Kind).Default("apiVersion", kind.GroupVersion);
        if (value.Text("kind") != kind.Kind || value.Text("apiVersion") != kind.GroupVersion)
        {
            throw ApiException.BadRequest($"the object provided is unrecognized (must be of type {kind.Kind}): "
                + $"got {value.Text("apiVersion")} {value.Text("kind")}, expected {kind.GroupVersion} {kind.Kind}");
        }
    }

    private static void CheckNamespace(ApiRequest request, JsonObject metadata)
    {
        if (!request.Kind.Namespaced)
        {
            metadata.Remove("namespace");
            return;
        }
        metadata.Default("namespace", request.Namespace);
        if (metadata.Text("namespace") != request.Namespace)
        {
            throw ApiException.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }
    }

    private void CheckNamespaceAlive(ApiRequest request, JsonObject metadata)
    {
        if (request.Namespace is not { } name)
        {
            return;
        }
        var space = store.Find(ResourceCatalog.Namespaces, null, name) ?? throw ApiException.NotFound("", "namespaces", name);
        if (space.Deleting)
        {
            throw ApiException.Forbidden(request.Kind.Group, request.Kind.Plural, metadata.Text("name")!,
                $"unable to create new content in namespace {name} because it is being terminated",
                [new("NamespaceTerminating", $"namespace {name} is being terminated", "metadata.namespace")]);
        }
    }

    private static void NameIt(ResourceKind kind, JsonObject metadata)
    {
        var prefix = metadata.Text("generateName");
        if (string.IsNullOrEmpty(metadata.Text("name")) && !string.IsNullOrEmpty(prefix))
        {
            metadata["name"] = prefix + RandomNumberGenerator.GetString(Suffix, 5);
        }
        if (string.IsNullOrEmpty(metadata.Text("name")))
        {
            throw ApiException.Invalid(kind.Group, kind.Kind, "", [Validation.Required("metadata.name", "name or generateName is required")]);
        }
    }

    /// <summary>What the real cluster's controllers put into every new namespace.</summary>
    private void Furnish(string name) => Put(ResourceCatalog.ServiceAccounts, name, "default", []);

    /// <summary>Stores an object of the server's own, past the checks that hold for clients.</summary>
    public void Put(ResourceKind kind, string? @namespace, string name, JsonObject value)
    {
        value["apiVersion"] = kind.GroupVersion;
        value["kind"] = kind.Kind;
        var metadata = value.Child("metadata");
        metadata["name"] = name;
        if (@namespace is not null)
        {
            metadata["namespace"] = @namespace;
        }
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Now();
        Defaults.Apply(kind, value);
        Defaults.InitialStatus(kind, value);
        store.Put(kind, value);
        if (kind == ResourceCatalog.Namespaces)
        {
            Furnish(name);
        }
    }

    private string Now() => ObjectLifecycle.Timestamp(time.GetUtcNow());
}
