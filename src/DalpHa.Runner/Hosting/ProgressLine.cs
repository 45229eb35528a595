using System.Diagnostics;
using System.Management.Automation;

namespace DalpHa.Runner.Hosting;

/// <summary>Shows progress on standard error: one line that is written over on a terminal, else at most a line every two seconds.</summary>
internal sealed class ProgressLine(bool isTerminal)
{
    // A log wants to know that something goes on, not every step of it.
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(2);
    private readonly Stopwatch sinceShown = Stopwatch.StartNew();
    private string shown = "";

    public void Show(ProgressRecord record)
    {
        if (record.RecordType == ProgressRecordType.Completed)
        {
            Clear();
            return;
        }
        var percent = record.PercentComplete >= 0 && isTerminal ? $" {record.PercentComplete}%" : "";
        var text = $"{record.Activity}: {record.StatusDescription}{percent}";
        if (text == shown || (!isTerminal && sinceShown.Elapsed < LogInterval))
        {
            return;
        }
        if (isTerminal)
        {
            var width = Math.Max(20, Console.WindowWidth - 1);
            Console.Error.Write($"\r\u001b[K{(text.Length > width ? text[..width] : text)}");
        }
        else
        {
            Console.Error.WriteLine(text);
        }
        shown = text;
        sinceShown.Restart();
    }

    /// <summary>Takes the line away before something else is written.</summary>
    public void Clear()
    {
        if (isTerminal && shown.Length > 0)
        {
            Console.Error.Write("\r\u001b[K");
        }
        shown = isTerminal ? "" : shown;
    }
}
