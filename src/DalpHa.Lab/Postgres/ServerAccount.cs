using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using DalpHa.Core.Errors;
using DalpHa.Lab.Processes;

namespace DalpHa.Lab.Postgres;

/// <summary>
/// As whom the servers run. PostgreSQL refuses to run as root, so root hands its servers and their files to an ordinary user:
/// <c>postgres</c> when there is one, else <c>nobody</c>. Everybody else runs them as himself.
/// </summary>
internal sealed record ServerAccount(uint UserId, uint GroupId)
{
    /// <summary>The account, or null when servers run as the caller.</summary>
    public static ServerAccount? Find()
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            return null;
        }
        var entries = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length >= 4).ToList();
        var entry = entries.Find(fields => fields[0] == "postgres") ?? entries.Find(fields => fields[0] == "nobody");
        return entry is null
            ? throw new DalpException(
                "ServerAccountNotFound",
                FaultKind.LocalResource,
                "PostgreSQL refuses to run as root, and this machine has neither a user 'postgres' nor 'nobody' to run it as.",
                "Run this as an ordinary user.")
            : new ServerAccount(uint.Parse(entry[2], CultureInfo.InvariantCulture), uint.Parse(entry[3], CultureInfo.InvariantCulture));
    }

    /// <summary>A command line that runs a program as this account.</summary>
    public static IEnumerable<string> Command(ServerAccount? account, string program, params IEnumerable<string> arguments)
    {
        if (account is not null)
        {
            yield return "setpriv";
            yield return "--reuid";
            yield return account.UserId.ToString(CultureInfo.InvariantCulture);
            yield return "--regid";
            yield return account.GroupId.ToString(CultureInfo.InvariantCulture);
            yield return "--clear-groups";
        }
        yield return program;
        foreach (var argument in arguments)
        {
            yield return argument;
        }
    }

    /// <summary>A program's start information, as this account.</summary>
    public static ProcessStartInfo StartInfo(ServerAccount? account, string program, params IEnumerable<string> arguments)
    {
        var command = Command(account, program, arguments).ToList();
        return new ProcessStartInfo(command[0], command.Skip(1)) { UseShellExecute = false };
    }

    /// <summary>Makes a folder that only the account can enter.</summary>
    /// <exception cref="DalpException">The account could not reach it (<c>ServerFolderUnreachable</c>).</exception>
    public static void CreateFolder(ServerAccount? account, string folder)
    {
        OwnerOnly.CreateFolder(folder);
        if (account is not null)
        {
            account.Own(folder);
            account.DemandReachable(folder);
        }
    }

    /// <summary>Writes a file that only the account can read.</summary>
    public static void WriteFile(ServerAccount? account, string path, string content)
    {
        OwnerOnly.WriteFile(path, content);
        account?.Own(path);
    }

    private void Own(string path)
    {
        if (Chown(path, UserId, GroupId) != 0)
        {
            throw new IOException($"The owner of '{path}' can't be changed: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private void DemandReachable(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        for (var parent = Directory.GetParent(folder); parent is not null; parent = parent.Parent)
        {
            if (!parent.UnixFileMode.HasFlag(UnixFileMode.OtherExecute) && !IsOwn(parent.FullName))
            {
                throw new DalpException(
                    "ServerFolderUnreachable",
                    FaultKind.LocalResource,
                    $"As root, PostgreSQL runs as user id {UserId}, which may not enter '{parent.FullName}' and so can't reach '{folder}'.",
                    $"Choose a folder that every user can reach, as one below {Path.GetTempPath()}; or run this as an ordinary user.",
                    folder);
            }
        }
    }

    // The folders that this class made itself are entered by their owner only.
    private bool IsOwn(string folder)
    {
        using var test = Process.Start(StartInfo(this, "test", "-x", folder))!;
        test.WaitForExit();
        return test.ExitCode == 0;
    }

    [DllImport("libc", EntryPoint = "chown", SetLastError = true)]
    private static extern int Chown([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint owner, uint group);
}
