using DalpHa.Core.Readiness;

namespace DalpHa.Core.Documents;

/// <summary>One thing that is wrong, or was looked at, in a file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Line">Line, from 1; 0 when it is about no line.</param>
/// <param name="Column">Column, from 1; 0 when it is about no line.</param>
/// <param name="Status">Fail for an error, Warn for advice; Pass when it was looked at and is right; Unknown when it could not be looked at.</param>
/// <param name="ErrorId">Stable identifier, as <c>UnknownKey</c>.</param>
/// <param name="Subject">What it is about: the path of the key, as <c>sites.active.context</c>, or the thing that was reached.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Expected">What was expected there; empty when the message says it all.</param>
public sealed record DocumentDiagnostic(string Path, int Line, int Column, CheckStatus Status, string ErrorId, string Subject, string Message, string Expected)
{
    /// <summary>As compilers write it: <c>dalpha.yaml(12,7): UnknownKey: …</c>.</summary>
    public override string ToString()
    {
        var expected = Expected.Length == 0 ? "" : $" Expected: {Expected}.";
        return $"{Path}({Line},{Column}): {ErrorId}: {Message}{expected}";
    }
}
