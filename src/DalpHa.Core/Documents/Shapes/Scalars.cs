using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DalpHa.Core.Topology;

namespace DalpHa.Core.Documents.Shapes;

/// <summary>The single values that files hold.</summary>
internal static partial class Scalars
{
    // RFC 1123 as Kubernetes takes it: k8s.io/apimachinery/pkg/util/validation.
    private const string LabelPattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
    private const string SubdomainPattern = $"{SubdomainStart}$";
    private const string SubdomainStart = @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
    private const string SecretKeyPattern = "^[-._a-zA-Z0-9]+$";
    private const string NameOrKeyPattern = $"{SubdomainStart}(/[-._a-zA-Z0-9]+)?$";
    private const string HelmPathPattern = @"^([^.\\\s]|\\.)+(\.([^.\\\s]|\\.)+)*$";
    private const string RegistryPattern = "^[a-zA-Z0-9]([-.a-zA-Z0-9]*[a-zA-Z0-9])?(:[0-9]{1,5})?$";
    private const int LongestName = 253;
    private const int LongestText = 256;
    private const int LongestProse = 2000;

    /// <summary>Any text of one line.</summary>
    public static ScalarShape<string> Text { get; } = new ScalarShape<string>(
        "text (numbers and booleans in quotes)",
        new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = LongestText },
        (text, _) => text.Length <= LongestText && !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl) ? text : throw new InvalidValueException());

    /// <summary>Text of any number of lines.</summary>
    public static ScalarShape<string> Prose { get; } = new ScalarShape<string>(
        "text (numbers and booleans in quotes)",
        new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = LongestProse },
        (text, _) => text.Length <= LongestProse && !string.IsNullOrWhiteSpace(text) && !text.Any(c => char.IsControl(c) && c != '\n')
            ? text.Trim()
            : throw new InvalidValueException());

    /// <summary>The name of a namespace or service.</summary>
    public static Shape<string> Label { get; } = Matching("a Kubernetes name: lower case letters, digits and '-', at most 63", LabelForm(), 63);

    /// <summary>The name of a Secret, ConfigMap, pod or Velero schedule.</summary>
    public static Shape<string> Subdomain { get; } = Matching("a Kubernetes name: lower case letters, digits, '-' and '.'", SubdomainForm(), LongestName);

    /// <summary>A key of a Secret.</summary>
    public static Shape<string> SecretKey { get; } = Matching("a key of a Secret: letters, digits, '-', '_' and '.'", SecretKeyForm(), LongestName);

    /// <summary>A Secret or ConfigMap, or one key of it.</summary>
    public static Shape<SiteSpecificEntry> NameOrKey { get; } = Matching(
        "a name, or a name and one of its keys: dalp-config/REGION", NameOrKeyForm(), (2 * LongestName) + 1, SiteSpecificEntry.Parse);

    /// <summary>A path into a Helm release's values; a dot that belongs to a key has a backslash before it, as in <c>helm --set</c>.</summary>
    public static Shape<string> HelmPath { get; } = Matching("a path into a release's values, as global.region", HelmPathForm(), LongestText);

    /// <summary>A container registry.</summary>
    public static Shape<string> Registry { get; } = Matching("a registry's host, and its port where it has one: registry.example.com:5000", RegistryForm(), LongestName);

    /// <summary>A host name or an address.</summary>
    public static Shape<string> Host { get; } = new ScalarShape<string>(
        "a host name or an IP address, without a port",
        new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = LongestName },
        (text, _) => text.Length <= LongestName && Uri.CheckHostName(text) != UriHostNameType.Unknown ? text : throw new InvalidValueException());

    /// <summary>A TCP port.</summary>
    public static Shape<int> Port { get; } = Integer("a port from 1 to 65535", 1, 65535);

    /// <summary>A duration longer than nothing.</summary>
    public static Shape<TimeSpan> Duration { get; } = new ScalarShape<TimeSpan>(
        "a duration, as 30s, 5m, 2h or 1d",
        new JsonObject { ["type"] = "string", ["pattern"] = DurationText.Pattern },
        (text, _) => DurationText.Parse(text) is var duration && duration > TimeSpan.Zero ? duration : throw new InvalidValueException("it is nothing"));

    /// <summary>A day.</summary>
    public static Shape<DateOnly> Date { get; } = new ScalarShape<DateOnly>(
        "a day, as 2026-01-31",
        new JsonObject { ["type"] = "string", ["format"] = "date" },
        (text, _) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : throw new InvalidValueException());

    /// <summary>An address of HTTP.</summary>
    public static Shape<Uri> Url { get; } = new ScalarShape<Uri>(
        "an address that starts with http:// or https://",
        new JsonObject { ["type"] = "string", ["format"] = "uri", ["pattern"] = "^https?://" },
        (text, _) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && text.All(c => c is > ' ' and not '\u007f')
            ? url
            : throw new InvalidValueException());

    /// <summary>A file: <c>~</c> is the user's home, and a relative path starts from the folder of the file that names it.</summary>
    public static ScalarShape<string> FilePath { get; } = new ScalarShape<string>(
        "the path of a file",
        new JsonObject { ["type"] = "string", ["minLength"] = 1 },
        (text, folder) => string.IsNullOrWhiteSpace(text) || text.Any(char.IsControl) ? throw new InvalidValueException() : UserPath.Expand(text, folder));

    /// <summary>A whole number.</summary>
    public static Shape<int> Integer(string expected, int minimum, int maximum) => new ScalarShape<int>(
        expected,
        new JsonObject { ["type"] = "integer", ["minimum"] = minimum, ["maximum"] = maximum },
        (text, _) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum
            ? number
            : throw new InvalidValueException());

    /// <summary>One of a few words.</summary>
    public static Shape<T> Choice<T>(params (string Word, T Value)[] choices) => new ScalarShape<T>(
        $"one of {string.Join(", ", choices.Select(c => c.Word))}",
        new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. choices.Select(c => JsonValue.Create(c.Word))]) },
        (text, _) => choices.Any(c => c.Word == text) ? choices.First(c => c.Word == text).Value : throw new InvalidValueException());

    private static ScalarShape<string> Matching(string expected, Regex form, int longest) => Matching(expected, form, longest, text => text);

    // Compiled with the assembly: to make them anew is a good part of what the first command of a session would cost.
    private static ScalarShape<T> Matching<T>(string expected, Regex form, int longest, Func<string, T> parse) => new(
        expected,
        new JsonObject { ["type"] = "string", ["maxLength"] = longest, ["pattern"] = form.ToString() },
        (text, _) => text.Length <= longest && form.IsMatch(text) && !text.EndsWith('\n') ? parse(text) : throw new InvalidValueException());

    [GeneratedRegex(LabelPattern, RegexOptions.CultureInvariant)]
    private static partial Regex LabelForm();

    [GeneratedRegex(SubdomainPattern, RegexOptions.CultureInvariant)]
    private static partial Regex SubdomainForm();

    [GeneratedRegex(SecretKeyPattern, RegexOptions.CultureInvariant)]
    private static partial Regex SecretKeyForm();

    [GeneratedRegex(NameOrKeyPattern, RegexOptions.CultureInvariant)]
    private static partial Regex NameOrKeyForm();

    [GeneratedRegex(HelmPathPattern, RegexOptions.CultureInvariant)]
    private static partial Regex HelmPathForm();

    [GeneratedRegex(RegistryPattern, RegexOptions.CultureInvariant)]
    private static partial Regex RegistryForm();
}
