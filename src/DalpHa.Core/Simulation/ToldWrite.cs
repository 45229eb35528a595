namespace DalpHa.Core.Simulation;

/// <summary>A write that was told and not sent.</summary>
/// <param name="Where">The cluster's context, or the database server's site.</param>
/// <param name="Target">What would be changed: <c>Deployment/dapi</c>.</param>
/// <param name="Statement">What would be done to it, as a sentence.</param>
public sealed record ToldWrite(string Where, string Target, string Statement);
