namespace DalpHa.Core.Clusters;

/// <summary>A CronJob (<c>batch</c>): between two of its Jobs nothing of it runs, and a minute later it may.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its own labels.</param>
/// <param name="PodLabels">The labels that it gives the pods of its Jobs.</param>
/// <param name="IsSuspended">Whether it starts no Job (<c>spec.suspend</c>).</param>
/// <param name="ActiveJobs">The names of its Jobs that have not ended (<c>status.active</c>): between two attempts such a Job has no pod.</param>
public sealed record CronJob(string Name, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> PodLabels, bool IsSuspended, IReadOnlyList<string> ActiveJobs)
{
    /// <summary>What it is called in output: <c>CronJob/sweep</c>.</summary>
    public string Target => $"CronJob/{Name}";

    /// <summary>Whether DalpHa suspended it, and has not given it back (annotation <c>dalpha.io/suspend</c>). Never of one that was suspended before.</summary>
    public bool IsRemembered { get; init; }

    /// <summary>When it starts Jobs, with its time zone where it names one: <c>30 2 * * * Europe/Berlin</c>. The server's own zone counts elsewhere.</summary>
    public string Schedule { get; init; } = "";

    /// <summary>The containers of its Jobs' pods.</summary>
    public IReadOnlyList<ContainerTemplate> Containers { get; init; } = [];
}
