using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Collections.ObjectModel;
using System.Security;

namespace DalpHa.Module.Tests;

/// <summary>A host with a screen of 120 columns whose lines a test can read, and nobody to answer a prompt unless the test does.</summary>
public sealed class CapturingHost : PSHost
{
    public CapturingHost() => UI = new Screen(this);

    /// <summary>What was written.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>Answers a choice: is given its text, and gives one of the labels, without its mark for the keyboard.</summary>
    public Func<string, string>? Chooses { get; set; }

    /// <summary>The labels of the last choice, without their marks for the keyboard.</summary>
    public IReadOnlyList<string> Offered { get; private set; } = [];

    /// <summary>Answers a form: is given its caption and text, and gives each field's value.</summary>
    public Func<string, string, Dictionary<string, string>>? Fills { get; set; }

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.GetCultureInfo("en-US");

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override string Name => "Tests";

    public override PSHostUserInterface UI { get; }

    public override Version Version { get; } = new(1, 0);

    public override void EnterNestedPrompt() => throw new NotSupportedException();

    public override void ExitNestedPrompt() => throw new NotSupportedException();

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }

    public override void SetShouldExit(int exitCode) => throw new NotSupportedException();

    private sealed class Screen(CapturingHost host) : PSHostUserInterface
    {
        public override PSHostRawUserInterface RawUI { get; } = new Width();

        public override void Write(string value) => host.Lines.Add(value);

        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => host.Lines.Add(value);

        public override void WriteLine(string value) => host.Lines.AddRange(GetOutputString(value, false).Split('\n'));

        public override void WriteErrorLine(string value) => host.Lines.Add(value);

        public override void WriteWarningLine(string message) => host.Lines.Add(message);

        public override void WriteVerboseLine(string message) => host.Lines.Add(message);

        public override void WriteDebugLine(string message) => host.Lines.Add(message);

        public override void WriteProgress(long sourceId, ProgressRecord record)
        {
        }

        public override string ReadLine() => throw new HostException("Nobody answers.");

        public override SecureString ReadLineAsSecureString() => throw new HostException("Nobody answers.");

        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
        {
            var filled = (host.Fills ?? throw new HostException("Nobody answers."))(caption, message);
            return descriptions.ToDictionary(field => field.Name, field => PSObject.AsPSObject(filled.GetValueOrDefault(field.Name, "")));
        }

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
        {
            host.Offered = [.. choices.Select(choice => choice.Label.Replace("&", "", StringComparison.Ordinal))];
            var label = (host.Chooses ?? throw new HostException("Nobody answers."))(message);
            return host.Offered.Index().Single(choice => choice.Item == label).Index;
        }

        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw new HostException("Nobody answers.");

        public override PSCredential PromptForCredential(
            string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
            throw new HostException("Nobody answers.");
    }

    private sealed class Width : PSHostRawUserInterface
    {
        public override ConsoleColor BackgroundColor { get; set; }

        public override ConsoleColor ForegroundColor { get; set; }

        public override Size BufferSize { get; set; } = new(120, 50);

        public override Size WindowSize { get; set; } = new(120, 50);

        public override Size MaxWindowSize => WindowSize;

        public override Size MaxPhysicalWindowSize => WindowSize;

        public override Coordinates CursorPosition { get; set; }

        public override int CursorSize { get; set; }

        public override Coordinates WindowPosition { get; set; }

        public override string WindowTitle { get; set; } = "";

        public override bool KeyAvailable => false;

        public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

        public override void FlushInputBuffer()
        {
        }

        public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

        public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
        {
        }

        public override void SetBufferContents(Coordinates origin, BufferCell[,] contents)
        {
        }

        public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill)
        {
        }
    }
}
