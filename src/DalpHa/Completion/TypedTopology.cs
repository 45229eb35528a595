using System.Collections;
using System.Management.Automation;
using DalpHa.Core.Errors;
using DalpHa.Core.Topology;
using DalpHa.Hosting;

namespace DalpHa.Completion;

/// <summary>The topology of a line that is being typed.</summary>
internal static class TypedTopology
{
    /// <summary>The one that the line names, else the one that its command would take; null where none can be read: a completer has nobody to tell.</summary>
    public static DalpTopology? Find(IDictionary fakeBoundParameters)
    {
        try
        {
            var session = ScriptBlock.Create("$ExecutionContext.SessionState").Invoke().Select(state => state.BaseObject).OfType<SessionState>().First();
            return TopologySource.Find(session, fakeBoundParameters["Topology"])?.Read();
        }
        catch (DalpException)
        {
            return null;
        }
    }
}
