namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Errors">What it said on its standard error; shortened.</param>
internal sealed record ProgramEnd(int ExitCode, string Errors);

/// <summary>Runs a program in the words of the C locale and with UTC as its time zone, and hands over each line of its standard output.</summary>
/// <param name="program">The program.</param>
/// <param name="arguments">Its arguments; no shell reads them.</param>
/// <param name="hear">Is given each line; a very long one is cut off.</param>
/// <param name="cancellationToken">Gives up.</param>
/// <exception cref="Core.Errors.DalpException">It could not be run to its end.</exception>
internal delegate Task<ProgramEnd> ProgramRunner(string program, IReadOnlyList<string> arguments, Action<string> hear, CancellationToken cancellationToken);
