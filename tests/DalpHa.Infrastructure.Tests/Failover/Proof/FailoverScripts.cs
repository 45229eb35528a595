namespace DalpHa.Infrastructure.Tests.Failover.Proof;

/// <summary>What operators write in these tests.</summary>
internal static class FailoverScripts
{
    private const string People =
        "-Confirm:$false -Attest @{ validators = 'Validator operator: none seals any more'; traffic = 'Network operator: all point at the standby'; validate = 'Platform operator: all answer' }";

    /// <summary>Makes a plan and runs it.</summary>
    public static string Begin(FailoverHouse house, string more = "") =>
        $"{Plan(house, more.Contains("-ActiveIsGone", StringComparison.Ordinal) ? more : "")}; {Invoke(more)}";

    /// <summary>Makes a plan for a planned hand-over and runs it.</summary>
    public static string Switch(FailoverHouse house, string more = "") => $"{Plan(house, "-Kind Switchover")}; {Invoke(more)}";

    /// <summary>Makes a plan.</summary>
    public static string Plan(FailoverHouse house, string more = "") => $"$plan = New-DalpFailoverPlan -Topology '{house.Topology}' -Runbook '{house.Runbook}' -TimeoutSeconds 5 {more}";

    /// <summary>Runs the plan.</summary>
    public static string Invoke(string more = "") => $"$plan | Invoke-DalpFailover -DecisionOwner 'Head of Operations' -Reason 'The region is failing' -TimeoutSeconds 5 {People} {more}";

    /// <summary>Lists what is known.</summary>
    public static string List(FailoverHouse house) => $"Get-DalpFailover -Topology '{house.Topology}'";

    /// <summary>Takes up whatever failover is not done; begins one when nobody declared any.</summary>
    public static string TakeOver(FailoverHouse house) => $$"""
        $known = @({{List(house)}})
        $open = @($known | Where-Object Outcome -ne Succeeded)
        if ($open) { $open | Resume-DalpFailover {{Resumption(house, "-TakeOver 'Second Operator'")}} }
        elseif ($known) { $known }
        else { {{Begin(house, "-TakeOver 'Second Operator'")}} }
        """;

    /// <summary>Takes up the failover that is not done.</summary>
    public static string Resume(FailoverHouse house, string more = "") => $"{List(house)} | Where-Object Outcome -ne Succeeded | Resume-DalpFailover {Resumption(house, more)}";

    /// <summary>Takes up a failover.</summary>
    public static string ResumeId(FailoverHouse house, string id) => $"Resume-DalpFailover {id} {Resumption(house, "")}";

    private static string Resumption(FailoverHouse house, string more) => $"-Topology '{house.Topology}' -Runbook '{house.Runbook}' -TimeoutSeconds 5 {People} {more}";
}
