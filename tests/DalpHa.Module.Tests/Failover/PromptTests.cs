using System.Management.Automation;
using DalpHa.Module.Tests.Operator;

namespace DalpHa.Module.Tests.Failover;

/// <summary>
/// What the owner of a step reads before he agrees or vouches, and that nothing is begun without his word. A failover here is stopped before it promotes, and what it
/// froze is let free: the lab is shared.
/// </summary>
[Collection(nameof(LabCollection))]
public sealed class PromptTests : IDisposable
{
    private const string ByPeople = "Ask the duty officer to stop the writers.";
    private readonly LabSession session;
    private readonly List<string> asked = [];

    public PromptTests(LabSession session)
    {
        this.session = session;
        session.UntilWarm();
    }

    private CapturingHost Host => session.Module.Host;

    public void Dispose() => (Host.Chooses, Host.Fills) = (null, null);

    [Fact]
    public void The_owner_reads_what_it_rests_on_and_a_No_of_his_begins_nothing()
    {
        Host.Chooses = Answer("No");
        var failover = Begin(Example()).Single();

        var text = Assert.Single(asked);
        Assert.Equal(["No", "Suspend", "Yes"], Host.Offered.Order(StringComparer.Ordinal));
        Assert.StartsWith("Step 1 of 8, freeze. Owner: Platform on call.", text, StringComparison.Ordinal);
        Assert.Contains("\nMeasured: ", text, StringComparison.Ordinal);
        Assert.Contains("\nDoes:\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains(": Scale Deployment/dalp-indexer to 0", text, StringComparison.Ordinal);
        Assert.Contains(": Freeze writes on postgresql-primary-1", text, StringComparison.Ordinal);
        Assert.Contains("\nStop condition: Stop when writes on the active site are not seen to end, and nobody can vouch that it serves no users.", text, StringComparison.Ordinal);
        Assert.EndsWith("Does Platform on call agree?", text, StringComparison.Ordinal);
        Assert.Equal(("NotStarted", "freeze", "Platform on call did not agree."), (Text(failover, "Outcome"), Text(failover, "NextStep"), Text(failover, "StoppedBecause")));
        Assert.DoesNotContain("\"event\":\"StepStarted\"", File.ReadAllText(Text(failover, "JournalPath")), StringComparison.Ordinal);
        Assert.Empty(session.Problems());
    }

    [Fact]
    public void The_next_owner_reads_the_measurement_and_each_precondition_and_his_No_leaves_a_hand_over()
    {
        Host.Chooses = Answer("Yes", "No");
        try
        {
            var failover = Begin(Example()).Single();

            Assert.Equal(2, asked.Count);
            Assert.StartsWith("Step 2 of 8, confirm. Owner: Database on call.", asked[1], StringComparison.Ordinal);
            Assert.Contains("postgresql-replica-1", Assert.Single(asked[1].Split('\n'), line => line.StartsWith("Measured: ", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.Contains("\n  Pass ReplicaUsable: lab-east postgresql-replica-1: ", asked[1], StringComparison.Ordinal);
            Assert.Matches("\n  Pass LossAccepted: lab-east postgresql-replica-1: .+, expected at most ", asked[1]);
            Assert.Contains("Head of Operations has not accepted it.", asked[1], StringComparison.Ordinal);
            Assert.Equal(("confirm", "Database on call did not agree."), (Text(failover, "NextStep"), Text(failover, "StoppedBecause")));
            Assert.StartsWith("WRITERS STAND STILL since ", Text(failover, "HandOver"), StringComparison.Ordinal);
            Assert.Contains($"Resume-DalpFailover -Id {Text(failover, "Id")}", Text(failover, "HandOver"), StringComparison.Ordinal);
        }
        finally
        {
            session.Script("Resume-DalpWrite -Topology $topology -Confirm:$false");
        }
        session.UntilWarm();
    }

    [Fact]
    public void Who_goes_on_with_it_answers_for_himself_and_not_for_the_owners()
    {
        Host.Chooses = Answer("No", "Yes to All", "No");
        var begun = Begin(Example()).Single();
        var stopped = session.Script($"Resume-DalpFailover {Text(begun, "Id")} -Topology $topology -Runbook '{Example()}'").Single();

        Assert.Equal(3, asked.Count);
        Assert.StartsWith("Step 1 of 8, freeze. Owner: Platform on call.", asked[2], StringComparison.Ordinal);
        Assert.Equal(("freeze", "Platform on call did not agree."), (Text(stopped, "NextStep"), Text(stopped, "StoppedBecause")));
        Assert.Empty(session.Problems());
    }

    [Theory]
    [InlineData("$ConfirmPreference = 'None'", "", 0)]
    [InlineData("", "-Confirm:$false", 0)]
    [InlineData("$ConfirmPreference = 'Medium'", "", 1)]
    [InlineData("$ConfirmPreference = 'None'", "-Confirm", 1)]
    public void Whom_the_session_or_the_command_says_not_to_ask_nobody_asks(string preference, string parameter, int questions)
    {
        Host.Chooses = Answer("Yes");
        try
        {
            var failover = session.Script(
                $"& {{ {preference}; New-DalpFailoverPlan $topology '{Example()}' | Invoke-DalpFailover -DecisionOwner 'Head of Operations' -Reason 'A question' -Until freeze {parameter} }}").Single();
            Assert.Equal(questions, asked.Count);
            Assert.Contains("as asked", Text(failover, "StoppedBecause"), StringComparison.Ordinal);
        }
        finally
        {
            session.Script("Resume-DalpWrite -Topology $topology -Confirm:$false");
        }
        session.UntilWarm();
    }

    [Fact]
    public void Who_says_No_in_the_middle_of_a_freeze_by_hand_is_told_what_is_down_and_the_way_back()
    {
        Host.Chooses = text =>
        {
            asked.Add(text);
            return text.Contains("dalp-indexer", StringComparison.Ordinal) ? "No" : "Yes";
        };
        try
        {
            var outcome = session.Script("Suspend-DalpWrite -Topology $topology");
            var error = Assert.Single(outcome.Errors, error => error.Exception.Message.Contains("It was not agreed to.", StringComparison.Ordinal));
            Assert.StartsWith("ActionNotStarted,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains("Scale Deployment/dalp-indexer to 0: It was not agreed to. What was agreed to is done: ", error.Exception.Message, StringComparison.Ordinal);
            Assert.Contains("lab-west: Scale Deployment/dalp-workflow to 0", error.Exception.Message, StringComparison.Ordinal);
            Assert.EndsWith("To take back what was done: Resume-DalpWrite -Site Active.", error.Exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Nothing", error.Exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            Host.Chooses = null;
            session.Script("Resume-DalpWrite -Topology $topology -Confirm:$false");
        }
        session.UntilWarm();
    }

    [Fact]
    public void Who_says_No_to_all_of_it_is_told_that_nothing_was_done()
    {
        Host.Chooses = Answer("No to All");
        var declined = session.Script("Suspend-DalpWrite -Topology $topology").Errors.Where(error => error.Exception.Message.Contains("It was not agreed to.", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(declined);
        Assert.All(declined, error => Assert.EndsWith("It was not agreed to. Nothing was done.", error.Exception.Message, StringComparison.Ordinal));
        Assert.Empty(session.Problems());
    }

    [Fact]
    public void Who_vouches_is_asked_for_his_name_and_what_he_saw_and_both_are_kept()
    {
        var captions = new List<string>();
        Host.Fills = (caption, message) =>
        {
            captions.Add(caption);
            asked.Add(message);
            return new Dictionary<string, string> { ["Name"] = " Jane Doe ", ["Seen"] = "the API answers 503" };
        };
        var failover = Begin(FrozenByPeople(), "-Until freeze").Single();

        Assert.Equal("Step 1 of 8: freeze. Owner: Platform on call", Assert.Single(captions));
        Assert.StartsWith(ByPeople, Assert.Single(asked), StringComparison.Ordinal);
        Assert.Contains("\nStop condition: Stop when writes on the active site are not seen to end", asked[0], StringComparison.Ordinal);
        var step = Assert.Single((IEnumerable<object>)failover.Properties["Steps"].Value);
        Assert.Equal("Jane Doe: the API answers 503", Text(PSObject.AsPSObject(step), "Detail"));
        Assert.Contains("\"event\":\"Attested\",\"step\":\"freeze\"", File.ReadAllText(Text(failover, "JournalPath")), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_resumes_reads_what_it_is_and_where_it_stands_before_he_agrees()
    {
        var runbook = FrozenByPeople();
        var id = Text(Begin(runbook, "-Until freeze -Attest @{ freeze = 'Jane Doe: the API answers 503' } -Confirm:$false").Single(), "Id");

        Assert.Matches("^Failover of .+: next is confirm$", session.Script($"(TabExpansion2 'Resume-DalpFailover {id}' {20 + id.Length}).CompletionMatches[0].ToolTip").Single().ToString());
        Host.Chooses = Answer("No");
        var outcome = session.Script($"Resume-DalpFailover {id} -Topology $topology -Runbook '{runbook}'");
        Assert.True(outcome.Terminating is null && outcome.Errors.Count == 0 && outcome.Output.Count == 0, $"{outcome.Terminating}");
        var lines = Assert.Single(asked).ReplaceLineEndings("\n").Split('\n');
        Assert.StartsWith($"Failover {id} of ", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(" by Head of Operations: A question", lines[0], StringComparison.Ordinal);
        Assert.Equal(["Next: confirm.", "Stopped because: Stopped after 'freeze', as asked.", "Go on with it?"], lines[1..]);
        Assert.DoesNotContain("\"event\":\"Resumed\"", File.ReadAllText(Path.Combine(LabSession.State, "failovers", id + ".jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_is_known_in_whatever_case_it_is_written_and_nothing_after_it_is_begun()
    {
        var failover = Begin(FrozenByPeople(), "-Until Freeze -Attest @{ FREEZE = 'Jane Doe: the API answers 503' } -Confirm:$false").Single();
        Assert.Equal(("confirm", "Stopped after 'freeze', as asked."), (Text(failover, "NextStep"), Text(failover, "StoppedBecause")));

        failover = session.Script($"Resume-DalpFailover {Text(failover, "Id")} -Topology $topology -Runbook '{FrozenByPeople()}' -Until fREEZE -Confirm:$false").Single();
        Assert.Equal(("confirm", "Stopped after 'freeze', as asked."), (Text(failover, "NextStep"), Text(failover, "StoppedBecause")));
        Assert.Empty(asked);
    }

    [Theory]
    [InlineData("", "the API answers 503", "Who vouches was left empty.")]
    [InlineData("Jane Doe", "  ", "What was seen was left empty.")]
    public void A_word_without_a_name_or_without_what_was_seen_is_asked_for_again(string name, string seen, string missing)
    {
        Host.Fills = Fill((name, seen), ("Jane Doe", "the API answers 503"));
        var failover = Begin(FrozenByPeople(), "-Until freeze").Single();
        Assert.Equal(2, asked.Count);
        Assert.StartsWith($"{missing} Both are needed.", asked[1], StringComparison.Ordinal);
        Assert.EndsWith(asked[0], asked[1], StringComparison.Ordinal);
        Assert.Contains("Jane Doe: the API answers 503", File.ReadAllText(Text(failover, "JournalPath")), StringComparison.Ordinal);
        Assert.Equal("confirm", Text(failover, "NextStep"));
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("Jane Doe", 10)]
    public void No_word_at_all_stops_it_and_half_of_one_is_not_asked_for_without_end(string name, int times)
    {
        Host.Fills = Fill(("Jane Doe", ""), (name, ""));
        var failover = Begin(FrozenByPeople()).Single();
        Assert.Equal(times, asked.Count);
        Assert.Equal(("freeze", "Platform on call did not vouch for it."), (Text(failover, "NextStep"), Text(failover, "StoppedBecause")));
        Assert.DoesNotContain("\"event\":\"Attested\"", File.ReadAllText(Text(failover, "JournalPath")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "-Confirm:$false")]
    [InlineData(true, "-Attest @{ freeze = 'name: what was seen' }")]
    public void Where_nobody_can_be_asked_it_stops_and_hands_over(bool isByPeople, string otherwise)
    {
        var failover = Begin(isByPeople ? FrozenByPeople() : Example()).Single();

        Assert.Equal(("True", "freeze", "NotStarted"), (Text(failover, "IsEnded"), Text(failover, "NextStep"), Text(failover, "Outcome")));
        Assert.Equal($"Nobody could be asked: Nobody answers. Go on where somebody can be asked, or with {otherwise}.", Text(failover, "StoppedBecause"));
        Assert.Contains($"Resume-DalpFailover -Id {Text(failover, "Id")}", Text(failover, "HandOver"), StringComparison.Ordinal);
        Assert.Contains("\"error\":\"NobodyToAsk\"", File.ReadAllText(Text(failover, "JournalPath")), StringComparison.Ordinal);
        Assert.Empty(session.Problems());
    }

    [Fact]
    public void What_pwsh_says_that_is_not_interactive_means_that_nobody_can_be_asked()
    {
        Host.Fills = (_, _) => throw new PSInvalidOperationException("PowerShell is in NonInteractive mode.");
        var failover = Begin(FrozenByPeople()).Single();
        Assert.StartsWith("Nobody could be asked: PowerShell is in NonInteractive mode. ", Text(failover, "StoppedBecause"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prompt_that_fails_is_told_as_that_and_what_was_begun_is_handed_over()
    {
        Host.Fills = (_, _) => throw new InvalidOperationException("The form has no window.");
        var failover = Begin(FrozenByPeople()).Single();
        Assert.Equal(("True", "freeze", "NotStarted"), (Text(failover, "IsEnded"), Text(failover, "NextStep"), Text(failover, "Outcome")));
        Assert.Equal(
            "The prompt ended with an error of its own: The form has no window. Go on in another host or terminal, or with -Attest @{ freeze = 'name: what was seen' }.",
            Text(failover, "StoppedBecause"));
        Assert.Contains("\"error\":\"PromptFailed\"", File.ReadAllText(Text(failover, "JournalPath")), StringComparison.Ordinal);
        Assert.Contains($"Resume-DalpFailover -Id {Text(failover, "Id")}", Text(failover, "HandOver"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "validators, traffic, validate", "-Attest @{ validators = 'name: what was seen'; traffic = 'name: what was seen'; validate = 'name: what was seen' }, or only up to the step before them: -Until workloads.")]
    [InlineData("-Attest @{ validators = 'Jane Doe: gone'; validate = 'Jane Doe: all answers' }", "traffic", "-Attest @{ traffic = 'name: what was seen' }, or only up to the step before them: -Until validators.")]
    public void What_nobody_is_there_to_vouch_for_is_told_before_anything_is_begun(string given, string steps, string otherwise)
    {
        var journals = Journals();
        var refused = Begin(Example(), $"-Confirm:$false {given}");

        var error = Assert.Single(refused.Errors);
        Assert.StartsWith("NobodyToAsk,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal($"Nothing was done. People vouch for {steps}, and nobody could be asked for their word: Nobody answers.", error.Exception.Message);
        Assert.Equal($"Go on where somebody can be asked, or with {otherwise}", error.ErrorDetails.RecommendedAction);
        Assert.Empty(refused.Output);
        Assert.Equal(journals, Journals());
        Assert.Empty(session.Problems());
    }

    [Fact]
    public void Nor_does_a_failover_go_on_without_those_who_vouch_for_what_is_left_of_it()
    {
        var runbook = FrozenByPeople();
        var id = Text(Begin(runbook, "-Until freeze -Attest @{ freeze = 'Jane Doe: the API answers 503' } -Confirm:$false").Single(), "Id");
        var refused = session.Script($"Resume-DalpFailover {id} -Topology $topology -Runbook '{runbook}' -Confirm:$false");

        var error = Assert.Single(refused.Errors);
        Assert.StartsWith("NobodyToAsk,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("Nothing was done. People vouch for validators, traffic, validate, ", error.Exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\"event\":\"Resumed\"", File.ReadAllText(Path.Combine(LabSession.State, "failovers", id + ".jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_somebody_can_be_asked_he_says_once_whether_he_is_there_and_is_asked_for_his_word_later()
    {
        var journals = Journals();
        Host.Chooses = Answer("No", "Yes");
        Assert.Empty(Begin(FrozenByPeople(), "-Confirm:$false").Output);
        Assert.EndsWith("freeze (Platform on call), validators (Network on call), traffic (Network on call), validate (Service owner). Is somebody here who answers?", Assert.Single(asked), StringComparison.Ordinal);
        Assert.Equal(journals, Journals());

        Host.Fills = (_, _) => new Dictionary<string, string> { ["Name"] = "", ["Seen"] = "" };
        var failover = Begin(FrozenByPeople(), "-Confirm:$false").Single();
        Assert.Equal(2, asked.Count);
        Assert.Equal(("freeze", "Platform on call did not vouch for it."), (Text(failover, "NextStep"), Text(failover, "StoppedBecause")));
    }

    private static IReadOnlyList<string> Journals() => Directory.Exists(Path.Combine(LabSession.State, "failovers"))
        ? [.. Directory.EnumerateFiles(Path.Combine(LabSession.State, "failovers"), "*.jsonl").Order(StringComparer.Ordinal)]
        : [];

    private static string Example() => Path.Combine(PackagedModule.Root, "examples", "runbook.yaml");

    private static string FrozenByPeople()
    {
        var runbook = Path.Combine(LabSession.State, "frozen-by-people.yaml");
        File.WriteAllText(runbook, File.ReadAllText(Example()).Replace("  freeze:\n", $"  freeze:\n    manual: {ByPeople}\n", StringComparison.Ordinal));
        return runbook;
    }

    private Outcome Begin(string runbook, string more = "") => session.Script(
        $"$plan = New-DalpFailoverPlan $topology '{runbook}'; $plan | Invoke-DalpFailover -DecisionOwner 'Head of Operations' -Reason 'A question' {more}");

    private Func<string, string> Answer(params string[] labels) => text =>
    {
        asked.Add(text);
        return labels[asked.Count - 1];
    };

    // One form after the other; the last one answers all that follow.
    private Func<string, string, Dictionary<string, string>> Fill(params (string Name, string Seen)[] forms) => (_, message) =>
    {
        asked.Add(message);
        var (name, seen) = forms[Math.Min(asked.Count, forms.Length) - 1];
        return new Dictionary<string, string> { ["Name"] = name, ["Seen"] = seen };
    };

    private static string Text(PSObject of, string property) => of.Properties[property].Value?.ToString() ?? "";
}
