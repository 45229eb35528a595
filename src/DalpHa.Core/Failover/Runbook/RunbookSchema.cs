using DalpHa.Core.Documents;

namespace DalpHa.Core.Failover;

/// <summary>The runbook file as JSON schema.</summary>
public static class RunbookSchema
{
    /// <summary>The schema, as it stands in <c>module/schemas/runbook.schema.json</c>.</summary>
    public static string Generate() => DocumentSchema.Generate(RunbookReader.Kind);
}
