using System.Management.Automation;
using DalpHa.Core.Errors;

namespace DalpHa.Errors;

/// <summary>Shows DalpHa's failures as PowerShell does errors.</summary>
internal static class ErrorRecords
{
    /// <summary>The failure with its identifier, category, target and recommended action.</summary>
    public static ErrorRecord ToErrorRecord(this DalpException exception) =>
        new(exception, exception.ErrorId, Category(exception.Kind), exception.Target)
        {
            ErrorDetails = new ErrorDetails(exception.Message) { RecommendedAction = exception.RecommendedAction },
        };

    private static ErrorCategory Category(FaultKind kind) => kind switch
    {
        FaultKind.Unreachable => ErrorCategory.ConnectionError,
        FaultKind.TimedOut => ErrorCategory.OperationTimeout,
        FaultKind.Unauthenticated => ErrorCategory.AuthenticationError,
        FaultKind.Forbidden => ErrorCategory.PermissionDenied,
        FaultKind.NotFound => ErrorCategory.ObjectNotFound,
        FaultKind.Conflict => ErrorCategory.ResourceBusy,
        FaultKind.Unavailable => ErrorCategory.ResourceUnavailable,
        FaultKind.Tls => ErrorCategory.SecurityError,
        FaultKind.InvalidInput => ErrorCategory.InvalidArgument,
        FaultKind.InvalidAnswer => ErrorCategory.InvalidResult,
        FaultKind.LocalResource => ErrorCategory.WriteError,
        _ => ErrorCategory.NotSpecified,
    };
}
