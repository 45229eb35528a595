using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace DalpHa.Core.Documents.Shapes;

/// <summary>A mapping with known keys, each of which puts its value into a record.</summary>
/// <param name="name">The shape's name in the JSON schema.</param>
/// <param name="start">The record before any key is read: it holds the defaults.</param>
internal sealed class MappingShape<T>(string name, T start) : Shape<T>, IMappingShape
{
    private delegate bool Binder(YamlNode node, string subject, Findings findings, ref T record);

    private readonly List<MappingKey> keys = [];
    private readonly Dictionary<string, Binder> binders = new(StringComparer.Ordinal);
    private readonly List<(string[] RestsOn, Func<T, (string Key, Problem Problem)?> Check)> rules = [];
    private Func<T, T> finish = record => record;

    /// <inheritdoc/>
    public IReadOnlyList<MappingKey> Keys => keys;

    /// <inheritdoc/>
    public IReadOnlyList<string> Alternatives { get; private set; } = [];

    /// <summary>Adds a key that must be given.</summary>
    public MappingShape<T> Required<TValue>(string key, Shape<TValue> shape, string description, Func<T, TValue, T> bind, string? example = null) =>
        Add(new MappingKey(key, shape, description, true, example, null), shape, bind);

    /// <summary>Adds a key that may be left out.</summary>
    public MappingShape<T> Optional<TValue>(string key, Shape<TValue> shape, string description, Func<T, TValue, T> bind, string? example = null, string? @default = null) =>
        Add(new MappingKey(key, shape, description, false, example ?? @default, @default), shape, bind);

    /// <summary>Of these keys exactly one must be given.</summary>
    public MappingShape<T> ExactlyOneOf(params string[] alternatives)
    {
        Alternatives = alternatives;
        return this;
    }

    /// <summary>Adds what must hold between keys. It is looked at only when the keys that it rests on are sound; paths may lead into deeper keys.</summary>
    public MappingShape<T> Rule(string[] restsOn, Func<T, (string Key, Problem Problem)?> check)
    {
        rules.Add((restsOn, check));
        return this;
    }

    /// <summary>Completes the record from its own values, once all keys are read.</summary>
    public MappingShape<T> Finish(Func<T, T> complete)
    {
        finish = complete;
        return this;
    }

    /// <inheritdoc/>
    public override bool TryRead(YamlNode node, string subject, Findings findings, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (node is not YamlMapping mapping)
        {
            FailType(node, subject, findings, $"a mapping with the keys {string.Join(", ", keys.Select(k => k.Name))}");
            return false;
        }
        var record = start;
        var bound = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, valueNode) in mapping.Entries)
        {
            var path = PathOf(subject, key.Value);
            if (!binders.TryGetValue(key.Value, out var bind))
            {
                findings.Fail((key.Line, key.Column), path, Unknown(key.Value));
                continue;
            }
            findings.Locate(path, key, valueNode);
            if (bind(valueNode, path, findings, ref record))
            {
                bound.Add(key.Value);
            }
        }
        var given = mapping.Entries.Select(e => e.Key.Value).ToHashSet(StringComparer.Ordinal);
        FailMissing(given, subject, findings);
        record = keys.All(k => !k.IsRequired || bound.Contains(k.Name)) ? finish(record) : record;
        CheckRules(record, subject, findings);
        value = record;
        return keys.All(k => !k.IsRequired || bound.Contains(k.Name));
    }

    /// <inheritdoc/>
    public override JsonObject ToSchema(JsonObject definitions)
    {
        if (!definitions.ContainsKey(name))
        {
            definitions[name] = null;
            definitions[name] = Definition(definitions);
        }
        return new JsonObject { ["$ref"] = $"#/$defs/{name}" };
    }

    private MappingShape<T> Add<TValue>(MappingKey key, Shape<TValue> shape, Func<T, TValue, T> bind)
    {
        keys.Add(key);
        binders.Add(key.Name, (YamlNode node, string subject, Findings findings, ref T record) =>
        {
            var isWhole = shape.TryRead(node, subject, findings, out var value);
            // What could be read of a mapping counts, so that what is wrong elsewhere in it is told in the same run.
            if (value is not null && (isWhole || shape is IMappingShape))
            {
                record = bind(record, value);
            }
            return isWhole;
        });
        return this;
    }

    private static string PathOf(string subject, string key) => subject.Length == 0 ? key : $"{subject}.{key}";

    private Problem Unknown(string key)
    {
        var nearest = NearestKey.Find(key, keys.Select(k => k.Name));
        if (Credentials.IsNamedBy(key) && nearest is not { Distance: <= 1 })
        {
            return Credentials.InKey(key);
        }
        var message = key.Length > 64 ? "The key is not known here." : $"'{key}' is not known here.";
        return nearest is { } meant
            ? new Problem("UnknownKey", $"{message} Did you mean '{meant.Key}'?", $"'{meant.Key}'")
            : new Problem("UnknownKey", message, $"one of {string.Join(", ", keys.Select(k => k.Name))}");
    }

    private void FailMissing(HashSet<string> given, string subject, Findings findings)
    {
        foreach (var key in keys.Where(k => k.IsRequired && !given.Contains(k.Name)))
        {
            findings.Fail(findings.PositionOf(subject), PathOf(subject, key.Name), new Problem("MissingKey", $"'{key.Name}' is missing.", key.Description.TrimEnd('.')));
        }
        var chosen = Alternatives.Where(given.Contains).ToList();
        if (Alternatives.Count > 0 && chosen.Count != 1)
        {
            var message = chosen.Count == 0 ? $"Neither of {string.Join(" and ", Alternatives)} is given." : $"{string.Join(" and ", chosen)} are given together.";
            findings.Fail(findings.PositionOf(subject), subject, new Problem("OneOf", message, $"exactly one of {string.Join(" and ", Alternatives)}"));
        }
    }

    private void CheckRules(T record, string subject, Findings findings)
    {
        foreach (var (restsOn, check) in rules)
        {
            if (restsOn.All(key => findings.IsSound(PathOf(subject, key))) && check(record) is var (key, problem))
            {
                var path = PathOf(subject, key);
                findings.Fail(findings.PositionOf(path), path, problem);
            }
        }
    }

    private JsonObject Definition(JsonObject definitions)
    {
        var properties = new JsonObject();
        foreach (var key in keys)
        {
            var schema = key.Shape.ToSchema(definitions);
            schema["description"] = key.Description;
            if (key.Default is not null)
            {
                schema["default"] = (string?)schema["type"] == "integer" ? int.Parse(key.Default, System.Globalization.CultureInfo.InvariantCulture) : key.Default;
            }
            properties[key.Name] = schema;
        }
        var definition = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        if (keys.Any(k => k.IsRequired))
        {
            definition["required"] = new JsonArray([.. keys.Where(k => k.IsRequired).Select(k => JsonValue.Create(k.Name))]);
        }
        if (Alternatives.Count > 0)
        {
            definition["oneOf"] = new JsonArray([.. Alternatives.Select(a => new JsonObject { ["required"] = new JsonArray(a) })]);
        }
        return definition;
    }
}
