using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace DalpHa.Runner.Hosting;

/// <summary>Streams and prompts on the console: objects to standard output, everything about them to standard error.</summary>
internal sealed class RunnerUserInterface(bool isInteractive) : PSHostUserInterface
{
    private static readonly bool UsesColour = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
    private readonly ProgressLine progress = new(!Console.IsErrorRedirected);

    public override PSHostRawUserInterface RawUI { get; } = new RunnerRawUserInterface();

    public override bool SupportsVirtualTerminal => UsesColour;

    public override void Write(string value)
    {
        progress.Clear();
        Console.Out.Write(GetOutputString(value, SupportsVirtualTerminal));
    }

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value)
    {
        if (!UsesColour)
        {
            Write(value);
            return;
        }
        Console.ForegroundColor = foregroundColor;
        Write(value);
        Console.ResetColor();
    }

    public override void WriteLine(string value)
    {
        progress.Clear();
        Console.Out.WriteLine(GetOutputString(value, SupportsVirtualTerminal));
    }

    public override void WriteErrorLine(string value) => Note(value);

    public override void WriteWarningLine(string message) => Note("WARNING: " + message);

    public override void WriteVerboseLine(string message) => Note("VERBOSE: " + message);

    public override void WriteDebugLine(string message) => Note("DEBUG: " + message);

    public override void WriteInformation(InformationRecord record)
    {
        // Write-Host reaches WriteLine by another way; the other information records are silent unless asked for, as in pwsh.
    }

    public override void WriteProgress(long sourceId, ProgressRecord record) => progress.Show(record);

    public override string ReadLine()
    {
        RequireAnswerer("input");
        return Console.In.ReadLine() ?? throw Unattended("input");
    }

    public override SecureString ReadLineAsSecureString()
    {
        RequireAnswerer("a secret");
        var secret = new SecureString();
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key == ConsoleKey.Backspace && secret.Length > 0)
            {
                secret.RemoveAt(secret.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                secret.AppendChar(key.KeyChar);
            }
        }
        Console.Error.WriteLine();
        return secret;
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        RequireAnswerer(caption.Length > 0 ? $"'{caption}'" : $"'{message}'");
        Note(caption);
        Note(message);
        var labels = choices.Select(choice => (Text: choice.Label.Replace("&", ""), Key: HotKey(choice.Label))).ToList();
        while (true)
        {
            var listed = string.Join("  ", labels.Select(label => $"[{label.Key}] {label.Text}"));
            var fallback = defaultChoice >= 0 ? $" (default is \"{labels[defaultChoice].Key}\")" : "";
            Console.Error.Write($"{listed}  [?] Help{fallback}: ");
            var answer = (Console.In.ReadLine() ?? throw Unattended(message)).Trim();
            if (answer.Length == 0 && defaultChoice >= 0)
            {
                return defaultChoice;
            }
            var chosen = labels.FindIndex(label => label.Key.Equals(answer, StringComparison.OrdinalIgnoreCase) || label.Text.Equals(answer, StringComparison.OrdinalIgnoreCase));
            if (chosen >= 0)
            {
                return chosen;
            }
            foreach (var (choice, label) in choices.Zip(labels).Where(_ => answer == "?"))
            {
                Note($"{label.Key} - {choice.HelpMessage}");
            }
        }
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        RequireAnswerer(string.Join(", ", descriptions.Select(field => field.Name)));
        Note(caption);
        Note(message);
        var answers = new Dictionary<string, PSObject>();
        foreach (var field in descriptions)
        {
            Console.Error.Write($"{field.Name}: ");
            answers[field.Name] = field.ParameterTypeFullName == typeof(SecureString).FullName ? PSObject.AsPSObject(ReadLineAsSecureString()) : PSObject.AsPSObject(ReadLine());
        }
        return answers;
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        PromptForCredential(caption, message, userName, targetName, PSCredentialTypes.Default, PSCredentialUIOptions.Default);

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options)
    {
        RequireAnswerer("a credential");
        Note(caption);
        Note(message);
        if (string.IsNullOrEmpty(userName))
        {
            Console.Error.Write("User: ");
            userName = ReadLine();
        }
        Console.Error.Write($"Password for user {userName}: ");
        return new PSCredential(userName, ReadLineAsSecureString());
    }

    private void Note(string text)
    {
        progress.Clear();
        if (!string.IsNullOrEmpty(text))
        {
            Console.Error.WriteLine(GetOutputString(text, !Console.IsErrorRedirected && UsesColour));
        }
    }

    private static string HotKey(string label)
    {
        var at = label.IndexOf('&');
        return at >= 0 && at + 1 < label.Length ? label[at + 1].ToString().ToUpperInvariant() : label;
    }

    private void RequireAnswerer(string asked)
    {
        if (!isInteractive)
        {
            throw Unattended(asked);
        }
    }

    private static HostException Unattended(string asked) =>
        new($"A prompt for {asked} needs a person, and nobody attends this run. Give the value as a parameter, or -Confirm:$false where you mean it.");
}
