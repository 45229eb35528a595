namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>What operators write in these tests.</summary>
internal static class FailoverScripts
{
    private const string People =
        "-Confirm:$false -Attest @{ validators = 'Validator operator: none seals any more'; traffic = 'Network operator: all point at the standby'; validate = 'Platform operator: all answer' }";

    /// <summary>Makes a plan and runs it.</summary>
    public static string Begin(FailoverScene scene, string more = "") =>
        $"{Plan(scene, more.Contains("-ActiveIsGone", StringComparison.Ordinal) ? more : "")}; {Invoke(more)}";

    /// <summary>Makes a plan for a planned hand-over and runs it.</summary>
    public static string Switch(FailoverScene scene, string more = "") => $"{Plan(scene, "-Kind Switchover")}; {Invoke(more)}";

    /// <summary>Makes a plan.</summary>
    public static string Plan(FailoverScene scene, string more = "") => $"$plan = New-DalpFailoverPlan -Topology '{scene.Topology}' -Runbook '{scene.Runbook}' -TimeoutSeconds 5 {more}";

    /// <summary>Runs the plan.</summary>
    public static string Invoke(string more = "") => $"$plan | Invoke-DalpFailover -DecisionOwner 'Head of Operations' -Reason 'The region is failing' -TimeoutSeconds 5 {People} {more}";

    /// <summary>Lists what is known.</summary>
    public static string List(FailoverScene scene) => $"Get-DalpFailover -Topology '{scene.Topology}'";

    /// <summary>Takes up whatever failover is not done; begins one when nobody declared any.</summary>
    public static string TakeOver(FailoverScene scene) => $$"""
        $known = @({{List(scene)}})
        $open = @($known | Where-Object Outcome -ne Succeeded)
        if ($open) { $open | Resume-DalpFailover {{Resumption(scene, "-TakeOver 'Second Operator'")}} }
        elseif ($known) { $known }
        else { {{Begin(scene, "-TakeOver 'Second Operator'")}} }
        """;

    /// <summary>Takes up the failover that is not done.</summary>
    public static string Resume(FailoverScene scene, string more = "") => $"{List(scene)} | Where-Object Outcome -ne Succeeded | Resume-DalpFailover {Resumption(scene, more)}";

    /// <summary>Takes up a failover.</summary>
    public static string ResumeId(FailoverScene scene, string id) => $"Resume-DalpFailover {id} {Resumption(scene, "")}";

    private static string Resumption(FailoverScene scene, string more) => $"-Topology '{scene.Topology}' -Runbook '{scene.Runbook}' -TimeoutSeconds 5 {People} {more}";
}
