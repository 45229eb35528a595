using System.Text.Json.Nodes;
using DalpHa.Lab.Api.Serving;

namespace DalpHa.Lab.Api.Selection;

/// <summary>A label selector in its text form: <c>a=b,c!=d,e in (f,g),h notin (i),j,!k</c>, and <c>l&gt;1</c>, <c>m&lt;2</c>.</summary>
internal sealed class LabelSelector
{
    private readonly List<Requirement> _requirements = [];

    public static LabelSelector Everything { get; } = new();

    public bool MatchesAll => _requirements.Count == 0;

    public static LabelSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }
        var selector = new LabelSelector();
        var tokens = new Queue<string>(Tokens(text));
        while (true)
        {
            selector._requirements.Add(ReadRequirement(tokens));
            if (tokens.Count == 0)
            {
                return selector;
            }
            Expect(tokens, ",");
        }
    }

    public bool Matches(JsonObject metadata) => _requirements.TrueForAll(requirement => requirement.Matches(metadata["labels"] as JsonObject));

    private static Requirement ReadRequirement(Queue<string> tokens)
    {
        if (Peek(tokens) == "!")
        {
            tokens.Dequeue();
            return new Requirement(Identifier(tokens), "!", []);
        }
        var key = Identifier(tokens);
        if (Peek(tokens) is "" or ",")
        {
            return new Requirement(key, "exists", []);
        }
        var operation = tokens.Dequeue();
        switch (operation)
        {
            case "=" or "==" or "!=":
                // An empty value is a value: "a=" selects the empty string.
                return new Requirement(key, operation, [Peek(tokens) is "" or "," ? "" : Identifier(tokens)]);
            case ">" or "<":
                var bound = Identifier(tokens);
                return long.TryParse(bound, out _)
                    ? new Requirement(key, operation, [bound])
                    : throw Unparsable($"for 'Gt', 'Lt' operators, the value must be an integer: {bound}");
            case "in" or "notin":
                return new Requirement(key, operation, Values(tokens));
            default:
                throw Unparsable($"found '{operation}', expected: in, notin, =, ==, !=, gt, lt");
        }
    }

    private static List<string> Values(Queue<string> tokens)
    {
        Expect(tokens, "(");
        var values = new List<string>();
        while (true)
        {
            values.Add(Peek(tokens) is "," or ")" ? "" : Identifier(tokens));
            if (Peek(tokens) == ")")
            {
                tokens.Dequeue();
                return values;
            }
            Expect(tokens, ",");
        }
    }

    private static string Identifier(Queue<string> tokens)
    {
        var token = Peek(tokens);
        return token.Length > 0 && !"=!<>(),".Contains(token[0], StringComparison.Ordinal)
            ? tokens.Dequeue()
            : throw Unparsable($"found '{token}', expected: identifier");
    }

    private static void Expect(Queue<string> tokens, string wanted)
    {
        if (Peek(tokens) != wanted)
        {
            throw Unparsable($"found '{Peek(tokens)}', expected: '{wanted}'");
        }
        tokens.Dequeue();
    }

    private static string Peek(Queue<string> tokens) => tokens.TryPeek(out var token) ? token : "";

    private static IEnumerable<string> Tokens(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var start = at;
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }
            if ("(),<>".Contains(text[at], StringComparison.Ordinal))
            {
                at++;
            }
            else if (text[at] is '=' or '!')
            {
                at += at + 1 < text.Length && text[at + 1] == '=' ? 2 : 1;
            }
            else
            {
                while (at < text.Length && !char.IsWhiteSpace(text[at]) && !"=!<>(),".Contains(text[at], StringComparison.Ordinal))
                {
                    at++;
                }
            }
            yield return text[start..at];
        }
    }

    private static ApiException Unparsable(string why) => ApiException.BadRequest($"unable to parse requirement: {why}");

    private sealed record Requirement(string Key, string Operation, IReadOnlyList<string> Values)
    {
        public bool Matches(JsonObject? labels)
        {
            var value = (string?)labels?[Key];
            return Operation switch
            {
                "exists" => value is not null,
                "!" => value is null,
                "=" or "==" or "in" => value is not null && Values.Contains(value),
                "!=" or "notin" => value is null || !Values.Contains(value),
                ">" => long.TryParse(value, out var number) && number > long.Parse(Values[0], null),
                _ => long.TryParse(value, out var number) && number < long.Parse(Values[0], null),
            };
        }
    }
}
