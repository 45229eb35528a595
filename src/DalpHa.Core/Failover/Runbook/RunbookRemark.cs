using DalpHa.Core.Documents.Shapes;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>What somebody who looks up from a runbook has to say about one of its keys.</summary>
/// <param name="Status">Fail, Warn, or Unknown for what could not be looked at.</param>
/// <param name="Subject">The key.</param>
/// <param name="Problem">What it is.</param>
internal sealed record RunbookRemark(CheckStatus Status, string Subject, Problem Problem);
