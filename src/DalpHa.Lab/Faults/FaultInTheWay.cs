using DalpHa.Core.Errors;

namespace DalpHa.Lab.Faults;

/// <summary>The error of a fault that can't be injected or undone as things are.</summary>
internal static class FaultInTheWay
{
    public static DalpException Because(string why, string action, object? target) => new("LabFaultInTheWay", FaultKind.Conflict, why, action, target);
}
