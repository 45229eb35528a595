using System.Globalization;
using System.Management.Automation;

namespace DalpHa.Commands.Replication;

/// <summary>Takes a bare number as seconds, where PowerShell would take it as ticks of 100 ns. The result is from 0.1 s to a day.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecondsAttribute : ArgumentTransformationAttribute
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
        return span >= TimeSpan.FromSeconds(0.1) && span <= TimeSpan.FromDays(1)
            ? span
            : throw new ArgumentTransformationMetadataException($"{span} is no interval: give from 0.1 s to a day.");
    }

    private static TimeSpan FromSeconds(double seconds) =>
        Math.Abs(seconds) <= 1e9 ? TimeSpan.FromSeconds(seconds) : throw new ArgumentTransformationMetadataException($"{seconds} s is no interval.");
}
