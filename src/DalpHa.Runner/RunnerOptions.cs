namespace DalpHa.Runner;

/// <summary>How the pipeline's objects are written to standard output.</summary>
internal enum OutputFormat
{
    /// <summary>As PowerShell shows them.</summary>
    Text,

    /// <summary>One JSON document a line, for programs.</summary>
    Json,
}

/// <summary>The command line, understood. The switches have the names that pwsh gives them.</summary>
internal sealed record RunnerOptions
{
    public const string Usage =
        """
        Usage: DalpHa.Runner [options] -File <script.ps1> [arguments...]
               DalpHa.Runner [options] -Command <text>

          -OutputFormat Text|Json   how objects are written (default Text; Json writes one document a line)
          -NonInteractive           a prompt is an error; implied when standard input is no terminal
          -Module <path>            the module's manifest (default: the DalpHa.psd1 that this program belongs to)
          -NoModule                 import no module

        Exit codes: 0 done, 1 an error was written, 2 wrong usage, 130 stopped; a script's own 'exit N' passes through.
        """;

    public string? File { get; private init; }

    public string? Command { get; private init; }

    public IReadOnlyList<string> Arguments { get; private init; } = [];

    public OutputFormat OutputFormat { get; private init; }

    public bool NonInteractive { get; private init; }

    public string? Module { get; private init; }

    public bool NoModule { get; private init; }

    public bool ShowHelp { get; private init; }

    /// <summary>Reads the arguments. Null, and the problem, when they make no sense.</summary>
    public static RunnerOptions? Parse(IReadOnlyList<string> args, out string problem)
    {
        problem = "";
        var options = new RunnerOptions();
        for (var i = 0; i < args.Count; i++)
        {
            var name = args[i].TrimStart('-', '/').ToLowerInvariant();
            var value = i + 1 < args.Count ? args[i + 1] : null;
            switch (name)
            {
                case "help" or "h" or "?":
                    return options with { ShowHelp = true };
                case "noninteractive":
                    options = options with { NonInteractive = true };
                    continue;
                case "nomodule":
                    options = options with { NoModule = true };
                    continue;
                case "noprofile" or "nologo":
                    continue; // pwsh's switches that mean nothing here, so that one command line serves both
            }
            if (value is null)
            {
                problem = args[i].StartsWith('-') ? $"{args[i]} needs a value, or is no option." : $"'{args[i]}' is no option.";
                return null;
            }
            switch (name)
            {
                case "file" or "f":
                    return options with { File = value, Arguments = [.. args.Skip(i + 2)] };
                case "command" or "c":
                    return options with { Command = string.Join(' ', args.Skip(i + 1)) };
                case "module":
                    options = options with { Module = value };
                    break;
                case "outputformat" or "o" when Enum.TryParse<OutputFormat>(value, ignoreCase: true, out var format) && Enum.IsDefined(format):
                    options = options with { OutputFormat = format };
                    break;
                case "outputformat" or "o":
                    problem = $"-OutputFormat takes Text or Json, not '{value}'.";
                    return null;
                default:
                    problem = $"'{args[i]}' is no option.";
                    return null;
            }
            i++;
        }
        problem = "Nothing to run: give -File or -Command.";
        return null;
    }
}
