using System.Collections;
using System.Management.Automation.Language;

namespace DalpHa.Module.Tests;

/// <summary>What the package's manifest says.</summary>
public static class PackagedManifest
{
    public static Hashtable Data { get; } = (Hashtable)((HashtableAst)Parser.ParseFile(PackagedModule.ManifestPath, out _, out _)
        .Find(node => node is HashtableAst, searchNestedScriptBlocks: false)!).SafeGetValue();
}
