using System.Text;

namespace DalpHa.Infrastructure.Configuration;

/// <summary>The text of a YAML file, and where in it something stands.</summary>
internal static class YamlText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes UTF-8, with or without a byte order mark. When it is no text, tells where that shows first.</summary>
    public static bool TryDecode(byte[] bytes, out string text, out (int Line, int Column) problem)
    {
        var content = bytes.AsSpan();
        if (content.StartsWith(Encoding.UTF8.Preamble))
        {
            content = content[Encoding.UTF8.Preamble.Length..];
        }
        try
        {
            text = Strict.GetString(content);
        }
        catch (DecoderFallbackException exception)
        {
            text = Encoding.UTF8.GetString(content[..Math.Max(0, exception.Index)]);
            problem = Position(text, text.Length);
            return false;
        }
        var control = text.AsSpan().IndexOfAny(ControlCharacters);
        problem = control < 0 ? default : Position(text, control);
        return control < 0;
    }

    /// <summary>The first line up to <paramref name="lastLine"/> that is indented with a tab, which YAML does not allow; 0 when there is none.</summary>
    public static (int Line, int Column) FindTabIndentation(string text, long lastLine)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (++number > lastLine)
            {
                break;
            }
            var indentation = line.Length - line.TrimStart(" \t").Length;
            if (line[..indentation].IndexOf('\t') is >= 0 and var column)
            {
                return (number, column + 1);
            }
        }
        return default;
    }

    /// <summary>The position itself, or the end of the text when it lies behind that.</summary>
    public static (int Line, int Column) Within(string text, int line, int column)
    {
        var end = Position(text, text.Length);
        return line > end.Line ? end : (Math.Max(1, line), Math.Max(1, column));
    }

    private static readonly System.Buffers.SearchValues<char> ControlCharacters = System.Buffers.SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Select(code => (char)code).Where(c => char.IsControl(c) && c is not ('\t' or '\r' or '\n' or '\u0085'))]);

    private static (int Line, int Column) Position(string text, int index)
    {
        var lastBreak = index == 0 ? -1 : text.LastIndexOf('\n', index - 1);
        return (text.AsSpan(0, index).Count('\n') + 1, index - lastBreak);
    }
}
