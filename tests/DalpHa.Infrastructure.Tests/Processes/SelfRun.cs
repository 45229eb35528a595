using System.Diagnostics;

namespace DalpHa.Infrastructure.Tests.Processes;

/// <summary>Runs one explicit test of this program in a process of its own, to be killed.</summary>
internal static class SelfRun
{
    public static Process Start<TTests>(string test, params (string Name, string Value)[] environment)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!, ["-explicit", "only", "-method", $"{typeof(TTests).FullName}.{test}"]) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(info.FileName) == "dotnet")
        {
            info.ArgumentList.Insert(0, typeof(TTests).Assembly.Location);
        }
        foreach (var (name, value) in environment)
        {
            info.Environment[name] = value;
        }
        return Process.Start(info)!;
    }
}
