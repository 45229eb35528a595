using DalpHa.Core.Errors;

namespace DalpHa.Core.Lab;

/// <summary>The folder of a lab, and the names of what is in it.</summary>
public static class LabFolder
{
    /// <summary>The kubeconfig.</summary>
    public static string Kubeconfig(string folder) => Path.Combine(folder, "kubeconfig");

    /// <summary>The topology file.</summary>
    public static string Topology(string folder) => Path.Combine(folder, "dalpha.yaml");

    /// <summary>The runbook.</summary>
    public static string Runbook(string folder) => Path.Combine(folder, "runbook.yaml");

    /// <summary>The script that makes a former primary follow the promoted one, as the runbook names it.</summary>
    public static string RejoinHook(string folder) => Path.Combine(folder, RejoinHookName);

    /// <summary>Its file name.</summary>
    public const string RejoinHookName = "rejoin.ps1";

    /// <summary>What the lab's process says.</summary>
    public static string Log(string folder) => Path.Combine(folder, "lab.log");

    /// <summary>Who asked what of its Kubernetes APIs, its own controllers left out.</summary>
    public static string Audit(string folder) => Path.Combine(folder, "audit.log");

    /// <summary>Makes the folder ready for a lab.</summary>
    /// <returns>True when it was made, false when it was there and empty.</returns>
    /// <exception cref="DalpException">There is something in it, or it can't be made.</exception>
    public static bool Prepare(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                return !Directory.EnumerateFileSystemEntries(folder).Any()
                    ? false
                    : throw new DalpException(
                        "LabFolderNotEmpty",
                        FaultKind.InvalidInput,
                        $"The folder {folder} is not empty. A lab removes its folder when it stops, so it takes none that holds anything.",
                        "Give a new or an empty folder with -Path.",
                        folder);
            }
            Directory.CreateDirectory(folder);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DalpException("LabFolderFailed", FaultKind.LocalResource, $"The folder {folder} can't be used: {exception.Message}", "Give another folder with -Path.", folder, exception);
        }
    }

    /// <summary>Removes what is in the folder, and the folder too when the lab made it.</summary>
    public static void Remove(string folder, bool owned)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }
        if (owned)
        {
            Directory.Delete(folder, recursive: true);
            return;
        }
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo directory && entry.LinkTarget is null)
            {
                directory.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }
}
