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
return new ScriptRun(options).Execute();
