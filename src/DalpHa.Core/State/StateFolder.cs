namespace DalpHa.Core.State;

/// <summary>Where DalpHa keeps what must outlive a session: DALPHA_STATE, else the platform's place for an application's state.</summary>
public static class StateFolder
{
    /// <summary>The folder; it may not exist yet.</summary>
    public static string Path
    {
        get
        {
            if (Environment.GetEnvironmentVariable("DALPHA_STATE") is { Length: > 0 } chosen)
            {
                return System.IO.Path.GetFullPath(chosen);
            }
            if (OperatingSystem.IsWindows())
            {
                return System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "DalpHa");
            }
            // XDG Base Directory Specification: state that persists between runs, and is not worth a place in the user's data.
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } xdg ? xdg : System.IO.Path.Combine(home, ".local", "state");
            return System.IO.Path.Combine(state, "dalpha");
        }
    }
}
