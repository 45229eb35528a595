namespace DalpHa.Lab;

/// <summary>The annotations and labels by which a lab's things are known, and by which its stand-ins are told what to play.</summary>
internal static class LabMarks
{
    /// <summary>Label of everything that a lab seeds: nobody mistakes it for production.</summary>
    public const string Lab = "lab.dalpha.dev/lab";

    /// <summary>Label of what makes a site large, with the name of the workload: the lab's controllers leave such pods as they are.</summary>
    public const string Crowd = "lab.dalpha.dev/crowd";

    /// <summary>Annotation of a node that has stopped answering.</summary>
    public const string Lost = "lab.dalpha.dev/lost";

    /// <summary>Annotation of a pod whose containers end as soon as they start.</summary>
    public const string CrashLoop = "lab.dalpha.dev/crash-loop";

    /// <summary>Annotation of a pod: how many seconds after its start it becomes ready.</summary>
    public const string ReadyAfter = "lab.dalpha.dev/ready-after";

    /// <summary>Annotation of a pod that is ready only while its site's database serves it: <see cref="NeedsReads"/> or <see cref="NeedsWrites"/>.</summary>
    public const string NeedsDatabase = "lab.dalpha.dev/needs-database";

    /// <summary>The database must answer.</summary>
    public const string NeedsReads = "reads";

    /// <summary>The database must take writes.</summary>
    public const string NeedsWrites = "writes";

    /// <summary>Annotation of a pod: where its port really is, as <c>lab.dalpha.dev/forward-5432: 127.0.0.1:25431</c>.</summary>
    public static string ForwardOf(int port) => $"lab.dalpha.dev/forward-{port}";
}
