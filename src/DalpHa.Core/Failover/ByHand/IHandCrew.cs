using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>The operator beside a step that he runs by hand.</summary>
public interface IHandCrew
{
    /// <summary>Asks whether an action shall be done.</summary>
    /// <param name="action">The action.</param>
    /// <param name="seen">How things stand.</param>
    /// <param name="cancellationToken">Gives up asking.</param>
    Task<bool> ConfirmAsync(FailoverAction action, string seen, CancellationToken cancellationToken);

    /// <summary>Is shown what is seen meanwhile; null for what concerns no one action.</summary>
    void Show(string? action, string seen);

    /// <summary>Is warned of what does not stand in the way.</summary>
    void Warn(string text);

    /// <summary>Is told what became of an action.</summary>
    void Ended(DalpActionResult result);

    /// <summary>Is told what was found when all was done.</summary>
    void Found(DalpCheckResult finding);
}
