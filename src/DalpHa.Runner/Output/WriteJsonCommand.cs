using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DalpHa.Runner.Output;

/// <summary>
/// Writes each object as one line of JSON to standard output, and each error as one line of JSON to standard error. Times are ISO 8601,
/// durations <c>[d.]hh:mm:ss[.fffffff]</c>, enumerations their names. The engine's package has no ConvertTo-Json.
/// </summary>
[Cmdlet(VerbsCommunications.Write, "RunnerJson")]
public sealed class WriteJsonCommand : PSCmdlet
{
    // Deep enough for DalpHa's own objects; deeper trees (a FileInfo's parents) end as text.
    private const int MaximumDepth = 6;

    // The lines are read as JSON, never as HTML: an apostrophe may stay one.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The object.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject?.BaseObject is ErrorRecord error)
        {
            Console.Error.WriteLine(Serialize(writer => WriteError(writer, error)));
        }
        else if (InputObject is not null)
        {
            Console.Out.WriteLine(Serialize(writer => WriteValue(writer, InputObject, 0)));
        }
    }

    private static string Serialize(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            write(writer);
        }
        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void WriteError(Utf8JsonWriter writer, ErrorRecord error)
    {
        writer.WriteStartObject();
        writer.WriteString("errorId", error.FullyQualifiedErrorId);
        writer.WriteString("category", error.CategoryInfo.Category.ToString());
        writer.WriteString("target", error.TargetObject?.ToString());
        writer.WriteString("message", error.ErrorDetails?.Message ?? error.Exception.Message);
        writer.WriteString("recommendedAction", error.ErrorDetails?.RecommendedAction);
        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value, int depth)
    {
        var wrapped = value as PSObject;
        switch (wrapped?.BaseObject ?? value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case double.NaN or double.PositiveInfinity or double.NegativeInfinity or float.NaN or float.PositiveInfinity or float.NegativeInfinity:
                writer.WriteNullValue();
                break;
            case byte or sbyte or short or ushort or int or uint or long or ulong or float or double or decimal:
                writer.WriteRawValue(Convert.ToString(value is PSObject o ? o.BaseObject : value, CultureInfo.InvariantCulture)!);
                break;
            case DateTimeOffset time:
                writer.WriteStringValue(time.ToString("O", CultureInfo.InvariantCulture));
                break;
            case DateTime time:
                writer.WriteStringValue(time.ToString("O", CultureInfo.InvariantCulture));
                break;
            case TimeSpan or Enum or Guid or Uri or Version or char or Type or ScriptBlock:
                writer.WriteStringValue(LanguagePrimitives.ConvertTo<string>(wrapped?.BaseObject ?? value));
                break;
            case IDictionary dictionary:
                WriteDictionary(writer, dictionary, depth);
                break;
            case IEnumerable items:
                writer.WriteStartArray();
                foreach (var item in items)
                {
                    WriteValue(writer, item, depth + 1);
                }
                writer.WriteEndArray();
                break;
            case var other when depth >= MaximumDepth || other is ValueType:
                writer.WriteStringValue(other.ToString());
                break;
            case var other:
                WriteProperties(writer, wrapped ?? PSObject.AsPSObject(other), depth);
                break;
        }
    }

    private static void WriteDictionary(Utf8JsonWriter writer, IDictionary dictionary, int depth)
    {
        writer.WriteStartObject();
        foreach (DictionaryEntry entry in dictionary)
        {
            writer.WritePropertyName(LanguagePrimitives.ConvertTo<string>(entry.Key));
            WriteValue(writer, entry.Value, depth + 1);
        }
        writer.WriteEndObject();
    }

    private static void WriteProperties(Utf8JsonWriter writer, PSObject value, int depth)
    {
        writer.WriteStartObject();
        foreach (var property in value.Properties.Where(property => property.IsGettable))
        {
            writer.WritePropertyName(property.Name);
            WriteValue(writer, Read(property), depth + 1);
        }
        writer.WriteEndObject();
    }

    private static object? Read(PSPropertyInfo property)
    {
        try
        {
            return property.Value;
        }
        catch (GetValueException)
        {
            return null; // a property of somebody else's object that throws must not lose the whole object
        }
    }
}
