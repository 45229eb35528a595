namespace DalpHa.Lab.Api.Serving;

/// <summary>What can be run in pods.</summary>
internal interface IPodPrograms
{
    /// <summary>Runs a program to its end.</summary>
    /// <param name="pod">The pod's name.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="write">Takes what the program says: whether it is an error, and the bytes.</param>
    /// <param name="cancellation">Ends the program.</param>
    /// <returns>Its exit code.</returns>
    /// <exception cref="ProgramNotFoundException">The pod has no such program.</exception>
    Task<int> RunAsync(string pod, IReadOnlyList<string> command, Func<bool, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellation);
}

/// <summary>A container has no such program.</summary>
internal sealed class ProgramNotFoundException(string program) : Exception($"exec: \"{program}\": executable file not found in $PATH");
