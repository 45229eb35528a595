using System.Text;
using CsCheck;
using DalpHa.Core.Failover;
using DalpHa.Core.Replication;

namespace DalpHa.Core.Tests.Failover;

public sealed class DemotionTokenTests
{
    private const string System = "7461234567890123456";
    private static readonly Lsn End = Lsn.Parse("0/6000028")!.Value;

    private static string Token(string system = System, string timeline = "3", string lsn = "0/6000028", string operatorVersion = "1.30.0") => TestToken.Of(system, timeline, lsn, operatorVersion);

    public static TheoryData<string, string, int, string?, TokenVerdict, string> Table => new()
    {
        { "replayed to the end of the shutdown checkpoint", Token(), 3, "0/60000A0", TokenVerdict.Usable, "0/6000028" },
        { "the checkpoint itself is not replayed", Token(), 3, "0/6000028", TokenVerdict.Wait, "to come" },
        { "behind", Token(), 3, "0/5FFFFFF", TokenVerdict.Wait, "41 bytes" },
        { "ahead", Token(), 3, "0/6000400", TokenVerdict.Refuse, "not its last" },
        { "ahead by a segment", Token(), 3, "0/7000028", TokenVerdict.Refuse, "16777216 bytes" },
        { "position unseen", Token(), 3, null, TokenVerdict.Wait, "can't be seen" },
        { "timeline not followed yet", Token(), 2, "0/60000A0", TokenVerdict.Wait, "timeline 2" },
        { "on a later timeline", Token(), 4, "0/60000A0", TokenVerdict.Refuse, "another promotion" },
        { "another database", Token(system: "1"), 3, "0/60000A0", TokenVerdict.Refuse, "another database" },
        { "no base64", "not a token!", 3, "0/60000A0", TokenVerdict.Refuse, "can't be read" },
        { "no JSON", Encode("[1,2"), 3, "0/60000A0", TokenVerdict.Refuse, "JSON" },
        { "JSON null", Encode("null"), 3, "0/60000A0", TokenVerdict.Refuse, "JSON" },
        { "nothing in it", Encode("{}"), 3, "0/60000A0", TokenVerdict.Refuse, "databaseSystemIdentifier" },
        { "a field missing", Token(operatorVersion: ""), 3, "0/60000A0", TokenVerdict.Refuse, "operatorVersion" },
        { "no timeline", Token(timeline: "x"), 3, "0/60000A0", TokenVerdict.Refuse, "no timeline" },
        { "no position", Token(lsn: "6000028"), 3, "0/60000A0", TokenVerdict.Refuse, "WAL position" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Each_case_has_its_verdict_and_says_why(string name, string token, int timeline, string? replayed, TokenVerdict verdict, string reason)
    {
        var check = DemotionToken.Check(token, System, timeline, Lsn.Parse(replayed));
        Assert.True(verdict == check.Verdict, $"{name}: {check}");
        Assert.Contains(reason, check.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_is_read_whole()
    {
        var token = DemotionToken.Parse(Token(), out var problem);
        Assert.Null(problem);
        Assert.Equal(new DemotionToken(System, 3, End, "000000030000000000000006", "Wed Nov 25 21:00:00 2026", "1.30.0"), token);
    }

    [Fact]
    public void A_standby_that_only_goes_forward_waits_then_may_then_never_may_again() =>
        Gen.Select(Gen.ULong[1, ulong.MaxValue / 4], Gen.Long[0, 4096].Array[2, 40]).Sample((end, steps) =>
        {
            var token = Token(lsn: new Lsn(end).ToString());
            var (position, highest) = (end > 2048 ? end - 2048 : 0, TokenVerdict.Wait);
            foreach (var step in steps)
            {
                position += (ulong)step;
                var verdict = DemotionToken.Check(token, System, 3, new Lsn(position)).Verdict;
                Assert.Equal(verdict == TokenVerdict.Wait, position <= end);
                Assert.True(Rank(verdict) >= Rank(highest));
                highest = verdict;
            }
        });

    [Fact]
    public void No_text_at_all_makes_it_throw_and_none_but_a_token_is_usable() =>
        Gen.OneOf(Gen.String, Gen.Byte.Array.Select(Convert.ToBase64String), Gen.String.Select(Encode)).Sample(text =>
            Assert.Equal(TokenVerdict.Refuse, DemotionToken.Check(text, System, 3, End).Verdict));

    [Fact]
    public void One_changed_character_never_makes_a_token_of_another_place_usable()
    {
        var token = Token();
        Gen.Select(Gen.Int[0, token.Length - 1], Gen.Char['0', 'z']).Sample((index, other) =>
        {
            var changed = token[..index] + other + token[(index + 1)..];
            if (DemotionToken.Check(changed, System, 3, Lsn.Parse("0/60000A0")).Verdict == TokenVerdict.Usable)
            {
                var read = DemotionToken.Parse(changed, out _)!;
                Assert.Equal((System, 3), (read.SystemIdentifier, read.Timeline));
                Assert.InRange(Lsn.Parse("0/60000A0")!.Value - read.Lsn, 1, 192);
            }
        });
    }

    private static int Rank(TokenVerdict verdict) => verdict switch { TokenVerdict.Wait => 0, TokenVerdict.Usable => 1, _ => 2 };

    private static string Encode(string json) => Convert.ToBase64String(Encoding.UTF8.GetBytes(json));
}
