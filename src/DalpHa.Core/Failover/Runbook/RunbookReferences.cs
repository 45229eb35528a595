using DalpHa.Core.Documents.Shapes;
using DalpHa.Core.Readiness;

namespace DalpHa.Core.Failover;

/// <summary>Looks for what a runbook points to: its scripts, and the addresses that it tells.</summary>
internal static class RunbookReferences
{
    /// <summary>What is wrong with them.</summary>
    public static IEnumerable<RunbookRemark> Remarks(DalpRunbook runbook)
    {
        foreach (var (subject, path) in Hooks(runbook))
        {
            if (path is not null && Look(path) is var (status, problem))
            {
                yield return new RunbookRemark(status, subject, problem);
            }
        }
        foreach (var (index, notification) in runbook.Notifications.Index())
        {
            if (notification.Webhook is { IsLoopback: false } address && address.Scheme != Uri.UriSchemeHttps)
            {
                yield return new RunbookRemark(CheckStatus.Warn, $"notifications[{index}].webhook", new Problem(
                    "WebhookNotEncrypted", "What the webhook is told travels unencrypted.", "an address that starts with https://"));
            }
        }
        if (runbook.Promotion is { Method: PromotionMethod.CloudNativePgReplica, ActiveCluster: null })
        {
            yield return new RunbookRemark(CheckStatus.Warn, "promotion.activeCluster", new Problem(
                "NoActiveCluster", "The active site's Cluster is not named: DalpHa can't fence it, nor freeze its database where ALTER SYSTEM is forbidden.", "'activeCluster', when CloudNativePG runs the active site's database too"));
        }
    }

    private static IEnumerable<(string Subject, string? Path)> Hooks(DalpRunbook runbook) =>
    [
        ("promotion.hook", runbook.Promotion.Hook),
        ("promotion.rejoinHook", runbook.Promotion.RejoinHook),
        .. runbook.Steps.Select(step => ($"steps.{step.Name}.hook", step.Hook)),
        .. runbook.Notifications.Index().Select(one => ($"notifications[{one.Index}].hook", one.Item.Hook)),
    ];

    private static (CheckStatus, Problem)? Look(string path)
    {
        try
        {
            return File.GetAttributes(path).HasFlag(FileAttributes.Directory)
                ? (CheckStatus.Fail, new Problem("HookNotFile", $"'{path}' is a folder.", "a script file"))
                : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return (CheckStatus.Fail, new Problem("HookNotFound", $"There is no file '{path}'.", "a script file; relative paths start from the runbook's folder"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (CheckStatus.Unknown, new Problem("HookUnseen", $"'{path}' can't be looked at: {exception.Message}", "a script file that this account may see"));
        }
    }
}
