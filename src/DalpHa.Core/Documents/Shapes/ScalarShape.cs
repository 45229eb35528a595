using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DalpHa.Core.Documents.Shapes;

/// <summary>A single value, written as text or as an unquoted number.</summary>
/// <param name="expected">What the value has to be, as <c>a duration, as 30s</c>.</param>
/// <param name="schema">Its JSON schema; <c>type</c> decides between text and number.</param>
/// <param name="parse">Reads the text, from the folder that paths are relative to; a <see cref="FormatException"/> when it is not valid.</param>
internal sealed partial class ScalarShape<T>(string expected, JsonObject schema, Func<string, string, T> parse) : Shape<T>
{
    private const int LongestQuote = 60;
    private readonly bool isNumber = (string?)schema["type"] == "integer";

    /// <inheritdoc/>
    public override bool TryRead(YamlNode node, string subject, Findings findings, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (node is not YamlScalar scalar || HasOtherType(scalar))
        {
            FailType(node, subject, findings, isNumber ? $"{expected}, without quotes" : expected);
            return false;
        }
        var position = (scalar.Line, scalar.Column);
        if (Login().IsMatch(scalar.Value))
        {
            findings.Fail(position, subject, Credentials.InAddress);
            return false;
        }
        try
        {
            value = parse(scalar.Value, findings.Folder);
            return true;
        }
        catch (FormatException exception)
        {
            findings.Fail(position, subject, new Problem(ErrorIdOf(exception), $"{Quote(scalar.Value)} is not valid here{Reason(exception)}.", expected));
            return false;
        }
    }

    /// <summary>The same values but for some.</summary>
    /// <param name="refuse">Whether a value is one of them.</param>
    /// <param name="reason">Why they are refused, as a clause.</param>
    /// <param name="errorId">Stable identifier of the refusal.</param>
    /// <param name="otherwise">What the value has to be.</param>
    public ScalarShape<T> Refusing(Func<T, bool> refuse, string reason, string errorId, string otherwise) => new(
        otherwise,
        (JsonObject)schema.DeepClone(),
        (text, folder) => parse(text, folder) is var value && refuse(value) ? throw new InvalidValueException(reason, errorId) : value);

    /// <inheritdoc/>
    public override JsonObject ToSchema(JsonObject definitions) => (JsonObject)schema.DeepClone();

    private bool HasOtherType(YamlScalar scalar) => isNumber
        ? !scalar.IsPlain || PlainScalar.TypeOf(scalar.Value) != "number"
        : scalar.IsPlain && (PlainScalar.IsNull(scalar.Value) || PlainScalar.TypeOf(scalar.Value) is not null);

    // A value that may hold a login, or fills the screen, is not repeated.
    private static string Quote(string text) =>
        text.Length is 0 or > LongestQuote || text.Contains('@') || text.Any(char.IsControl) ? "The value" : $"'{text}'";

    private static string Reason(FormatException exception) => exception is InvalidValueException { Reason: { } reason } ? $": {reason}" : "";

    private static string ErrorIdOf(FormatException exception) => exception is InvalidValueException { ErrorId: var errorId } ? errorId : "InvalidValue";

    [GeneratedRegex("://[^/?#]*@")]
    private static partial Regex Login();
}

/// <summary>A value is not what its shape wants.</summary>
/// <param name="reason">Why, as a clause without a full stop; null when the shape's expectation says it all.</param>
/// <param name="errorId">Stable identifier.</param>
internal sealed class InvalidValueException(string? reason = null, string errorId = "InvalidValue") : FormatException(reason)
{
    /// <summary>Stable identifier of what is wrong.</summary>
    public string ErrorId { get; } = errorId;

    /// <summary>Why, or null.</summary>
    public string? Reason { get; } = reason;
}
