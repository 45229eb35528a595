using DalpHa.Runner;

var options = RunnerOptions.Parse(args, out var problem);
if (options is null)
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine();
    Console.Error.WriteLine(RunnerOptions.Usage);
    return ExitCode.Usage;
}
if (options.ShowHelp)
{
    Console.Out.WriteLine(RunnerOptions.Usage);
    return ExitCode.Success;
}
// The engine would report its use to Microsoft: not from where a platform's assets are kept, and not without being asked (about_Telemetry).
if (Environment.GetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT") is null)
{
    Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
}
return new ScriptRun(options).Execute();
