using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DalpHa.Lab.Api.Serving;

/// <summary>One entry of a Status' <c>details.causes</c>.</summary>
internal sealed record StatusCause(string Reason, string Message, string Field);

/// <summary>The Status body of meta/v1, with which the API tells what went wrong or that something is done.</summary>
internal static class ApiStatus
{
    public static JsonObject Failure(ApiException error)
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = error.Continue is null ? [] : new JsonObject { ["continue"] = error.Continue },
            ["status"] = "Failure",
            ["message"] = error.Message,
            ["reason"] = error.Reason,
        };
        if (error.Details is not null)
        {
            status["details"] = error.Details.DeepClone();
        }
        status["code"] = error.Code;
        return status;
    }

    public static JsonObject Deleted(string group, string plural, string name, string? uid)
    {
        var details = new JsonObject { ["name"] = name };
        if (group.Length > 0)
        {
            details["group"] = group;
        }
        details["kind"] = plural;
        if (uid is not null)
        {
            details["uid"] = uid;
        }
        return new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        };
    }

    public static async Task WriteAsync(HttpContext context, ApiException error, CancellationToken cancellation)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }
        await JsonAnswer.WriteAsync(context, error.Code, Failure(error), cancellation);
    }
}
