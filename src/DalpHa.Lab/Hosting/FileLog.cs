using Microsoft.Extensions.Logging;

namespace DalpHa.Lab.Hosting;

/// <summary>Writes the lab's log to its own file: it has no terminal to write to.</summary>
internal sealed class FileLog(string path, TimeProvider time) : ILoggerProvider, ILogger
{
    private readonly Lock gate = new();
    private readonly StreamWriter writer = new(Open(path)) { AutoFlush = true };

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }
        lock (gate)
        {
            try
            {
                writer.WriteLine($"{time.GetUtcNow():O} {logLevel}: {formatter(state, exception)}");
            }
            catch (IOException)
            {
                // The disk is full: the lab goes on, and its log is not worth its life.
            }
        }
    }

    public void Dispose() => writer.Dispose();

    private static FileStream Open(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        return new FileStream(path, options);
    }
}
