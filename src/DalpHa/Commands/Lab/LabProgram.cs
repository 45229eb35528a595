namespace DalpHa.Commands.Lab;

/// <summary>Where the module keeps the lab: beside its <c>bin</c>.</summary>
internal static class LabProgram
{
    public static string Path { get; } = System.IO.Path.GetFullPath(
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(typeof(LabProgram).Assembly.Location)!, "..", "lab", "DalpHa.Lab.dll"));
}
