namespace DalpHa.Core.Errors;

/// <summary>
/// The one exception with which DalpHa's parts tell each other what failed. An adapter translates every library's exception into it,
/// so that decisions, cmdlets and tests never match on a library's type or on a message's words.
/// </summary>
public sealed class DalpException : Exception
{
    /// <summary>Describes one failure.</summary>
    /// <param name="errorId">Stable identifier, in PascalCase without spaces; operators' scripts match on it.</param>
    /// <param name="kind">The sort of failure.</param>
    /// <param name="message">What happened and why, with no secret in it.</param>
    /// <param name="recommendedAction">What the operator should do next, in the imperative.</param>
    /// <param name="target">The thing that failed (a context, an endpoint, a path), or null.</param>
    /// <param name="innerException">The library's exception, or null.</param>
    public DalpException(string errorId, FaultKind kind, string message, string recommendedAction, object? target = null, Exception? innerException = null)
        : base(Sentence(message), innerException)
    {
        ErrorId = errorId;
        Kind = kind;
        RecommendedAction = recommendedAction;
        Target = target;
    }

    /// <summary>A text that others' words end is followed by more: it ends as a sentence does.</summary>
    internal static string Sentence(string text) => text.Length > 0 && char.IsLetterOrDigit(text[^1]) ? text + "." : text;

    /// <summary>Stable identifier of the failure.</summary>
    public string ErrorId { get; }

    /// <summary>The sort of failure.</summary>
    public FaultKind Kind { get; }

    /// <summary>What the operator should do next.</summary>
    public string RecommendedAction { get; }

    /// <summary>The thing that failed, or null.</summary>
    public object? Target { get; }
}
