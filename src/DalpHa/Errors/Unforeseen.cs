using DalpHa.Core.Errors;

namespace DalpHa.Errors;

/// <summary>Turns what no adapter foresaw into an error that says so.</summary>
internal static class Unforeseen
{
    public static DalpException From(Exception exception) => exception switch
    {
        IOException or UnauthorizedAccessException => new DalpException(
            "LocalFileFailed",
            FaultKind.LocalResource,
            exception.Message,
            "Check free space and permissions of the folder. Nothing was half-written: files are replaced whole or not at all.",
            innerException: exception),
        _ => new DalpException(
            "InternalError",
            FaultKind.Internal,
            $"DalpHa met something that it does not know: {exception.GetType().Name}: {exception.Message}",
            "Treat the result as Unknown. Report this with the output of: Get-Error",
            innerException: exception),
    };
}
