using System.Globalization;
using System.Management.Automation;

namespace DalpHa.Hosting;

/// <summary>Takes a bare number as seconds, where PowerShell would take it as ticks of 100 ns.</summary>
/// <param name="least">The least that is taken, in seconds.</param>
/// <param name="most">The most that is taken, in seconds; more than a TimeSpan holds is any.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DurationAttribute(double least, double most) : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = (inputData as PSObject)?.BaseObject ?? inputData;
        var span = value switch
        {
            TimeSpan given => given,
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) => FromSeconds(seconds),
            string text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var parsed) => parsed,
            IConvertible number and not string and not DateTime => FromSeconds(number.ToDouble(CultureInfo.InvariantCulture)),
            _ => throw new ArgumentTransformationMetadataException($"'{value}' is no duration: give seconds, or a TimeSpan as 00:00:05."),
        };
        return span.TotalSeconds >= least && span.TotalSeconds <= most
            ? span
            : throw new ArgumentTransformationMetadataException($"{span} is not taken: give from {least} s to {(most < TimeSpan.MaxValue.TotalSeconds ? $"{most} s" : "any length")}.");
    }

    private static TimeSpan FromSeconds(double seconds) =>
        Math.Abs(seconds) <= 1e9 ? TimeSpan.FromSeconds(seconds) : throw new ArgumentTransformationMetadataException($"{seconds} s is no duration.");
}
