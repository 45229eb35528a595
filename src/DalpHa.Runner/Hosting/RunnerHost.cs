using System.Globalization;
using System.Management.Automation.Host;

namespace DalpHa.Runner.Hosting;

/// <summary>The engine's view of this program.</summary>
internal sealed class RunnerHost(RunnerUserInterface userInterface) : PSHost
{
    /// <summary>What a script's <c>exit</c> gave, or null.</summary>
    public int? ExitCode { get; private set; }

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override string Name => "DalpHa.Runner";

    public override Version Version { get; } = typeof(RunnerHost).Assembly.GetName().Version!;

    public override PSHostUserInterface UI => userInterface;

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new NotSupportedException("This host has no nested prompt.");

    public override void ExitNestedPrompt() => throw new NotSupportedException("This host has no nested prompt.");

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
