namespace DalpHa.Core.Errors;

/// <summary>What sort of thing went wrong, independent of the system that said so. Decides the error category that PowerShell shows.</summary>
public enum FaultKind
{
    /// <summary>No connection could be made: refused, unresolved, no route, reset.</summary>
    Unreachable,
    /// <summary>Nothing answered within the bound that was set for this wait.</summary>
    TimedOut,
    /// <summary>The other side does not accept who we say we are: expired token, wrong password, failed credential plugin.</summary>
    Unauthenticated,
    /// <summary>The other side knows us and does not allow this.</summary>
    Forbidden,
    /// <summary>The thing does not exist where it was looked for.</summary>
    NotFound,
    /// <summary>Somebody else changed or holds the thing.</summary>
    Conflict,
    /// <summary>The other side is there, and says that it can't serve now: starting, in recovery, overloaded, out of connections.</summary>
    Unavailable,
    /// <summary>The peer's certificate or the TLS settings don't match.</summary>
    Tls,
    /// <summary>What the user gave (file, parameter, environment) is wrong or missing.</summary>
    InvalidInput,
    /// <summary>The other side answered with something that does not mean what it should.</summary>
    InvalidAnswer,
    /// <summary>The local machine refused: disk full, permission on a file, missing program.</summary>
    LocalResource,
    /// <summary>A defect of DalpHa.</summary>
    Internal,
}
