namespace DalpHa.Runner;

/// <summary>What the process tells its caller. A script's own <c>exit N</c> passes through instead.</summary>
internal static class ExitCode
{
    /// <summary>The script ended and wrote no error.</summary>
    public const int Success = 0;

    /// <summary>The script failed, or wrote at least one error.</summary>
    public const int Error = 1;

    /// <summary>The command line makes no sense; nothing was run.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl+C or a termination signal, in the shells' convention (128 + SIGINT).</summary>
    public const int Stopped = 130;
}
