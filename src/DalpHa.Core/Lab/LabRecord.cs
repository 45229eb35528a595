using System.Text.Json.Serialization;
using DalpHa.Core.Errors;

namespace DalpHa.Core.Lab;

/// <summary>What a lab writes down of itself so that any session finds it, stops it, and can clean up after it.</summary>
public sealed record LabRecord
{
    /// <summary>The lab's name.</summary>
    public required string Name { get; init; }

    /// <summary>False until everything is up.</summary>
    public bool IsReady { get; init; }

    /// <summary>The lab's process.</summary>
    public required ProcessIdentity Process { get; init; }

    /// <summary>When it was started (UTC).</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The folder that holds everything of it.</summary>
    public required string Folder { get; init; }

    /// <summary>True from when the folder was found empty and taken: only then is anything in it removed.</summary>
    public bool TookFolder { get; init; }

    /// <summary>True when the lab made the folder, so that it goes with the lab; of a folder that was there only the content goes.</summary>
    public bool OwnsFolder { get; init; }

    /// <summary>The folder that holds the databases: below <see cref="Folder"/>, but for root, whose folder the servers' user may not be able to enter.</summary>
    public required string DatabaseFolder { get; init; }

    /// <summary>Its kubeconfig.</summary>
    public required string KubeconfigPath { get; init; }

    /// <summary>Its topology file.</summary>
    public required string TopologyPath { get; init; }

    /// <summary>What stands behind its Kubernetes APIs.</summary>
    public LabApiServer ApiServer { get; init; }

    /// <summary>A libpq password file for its databases; null until they are there.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>The contexts of the active site and the standby.</summary>
    public IReadOnlyList<string> Contexts { get; init; } = [];

    /// <summary>Its database servers.</summary>
    public IReadOnlyList<LabDatabase> Databases { get; init; } = [];

    /// <summary>Programs that it started and that must not outlive it.</summary>
    public IReadOnlyList<ProcessIdentity> Children { get; init; } = [];

    /// <summary>The control endpoint on loopback; null until it listens.</summary>
    public Uri? Control { get; init; }

    /// <summary>The token that the control endpoint asks for. The record is readable by its owner only.</summary>
    public string ControlToken { get; init; } = "";

    /// <summary>The record without its token.</summary>
    public override string ToString() => $"lab '{Name}' (process {Process.Id})";
}

/// <summary>What a lab says of itself when asked.</summary>
/// <param name="Faults">The faults in force.</param>
/// <param name="WriteLoad">Transactions per second that the platform commits on a site whose database takes writes.</param>
public sealed record LabStatus(IReadOnlyList<DalpLabFault> Faults, int WriteLoad)
{
    /// <summary>Both sites as they are now.</summary>
    public IReadOnlyList<LabSiteStatus> Sites { get; init; } = [];
}

/// <summary>How one of a lab's database servers became the standby of the other.</summary>
/// <param name="Server">The server.</param>
/// <param name="Method"><c>Rewind</c>, or <c>Copy</c> where it could not be rewound.</param>
public sealed record LabRejoin(string Server, string Method);

/// <summary>A failure, as it travels from a lab to the session that asked.</summary>
/// <param name="ErrorId">Stable identifier.</param>
/// <param name="Kind">The sort of failure.</param>
/// <param name="Message">What happened and why.</param>
/// <param name="RecommendedAction">What to do next.</param>
public sealed record LabFailure(string ErrorId, FaultKind Kind, string Message, string RecommendedAction)
{
    /// <summary>The failure of an exception.</summary>
    public static LabFailure From(Exception exception) => exception switch
    {
        DalpException known => new LabFailure(known.ErrorId, known.Kind, known.Message, known.RecommendedAction),
        OperationCanceledException => new LabFailure("LabStopped", FaultKind.Unavailable, "The lab was told to stop in the middle of it.", "Start the lab again."),
        IOException or UnauthorizedAccessException => new LabFailure(
            "LabFileFailed",
            FaultKind.LocalResource,
            $"A file of the lab could not be read or written: {exception.Message}",
            "Check free space and permissions of the lab's folder and of DalpHa's state folder (DALPHA_STATE)."),
        _ => new LabFailure(
            "LabFailed",
            FaultKind.Internal,
            $"The lab met something that it does not know: {exception.GetType().Name}: {exception.Message}",
            "Report this, with lab.log of the lab's folder if it is still there."),
    };

    /// <summary>The failure as an exception again.</summary>
    public DalpException ToException(object? target = null) => new(ErrorId, Kind, Message, RecommendedAction, target);
}

/// <summary>One line of what a lab tells the session that starts it: a step, that it is ready, or why it could not start.</summary>
/// <param name="Step">What it is about to do, or null.</param>
/// <param name="PercentComplete">How far it has got, from 0 to 100.</param>
/// <param name="Failure">Why it could not start, or null.</param>
public sealed record LabProgress(string? Step, int PercentComplete, LabFailure? Failure = null);

/// <summary>The JSON of records, control requests and progress; made by the compiler, so that nothing is reflected on.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(LabRecord))]
[JsonSerializable(typeof(LabStatus))]
[JsonSerializable(typeof(LabFailure))]
[JsonSerializable(typeof(LabProgress))]
[JsonSerializable(typeof(DalpLabFault))]
[JsonSerializable(typeof(LabRejoin))]
public sealed partial class LabJson : JsonSerializerContext;
