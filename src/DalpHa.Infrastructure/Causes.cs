namespace DalpHa.Infrastructure;

/// <summary>Looks through what caused an exception.</summary>
internal static class Causes
{
    /// <summary>The first of a type among the exception and its causes, or null.</summary>
    public static T? Inner<T>(this Exception exception)
        where T : Exception
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is T found)
            {
                return found;
            }
        }
        return null;
    }
}
