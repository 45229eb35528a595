using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DalpHa.Core.Errors;

namespace DalpHa.Core.Lab;

/// <summary>Talks to a running lab over its control endpoint, and to nothing else: no cluster that is not a lab can be reached by it.</summary>
public sealed class LabClient : IDisposable
{
    private static readonly TimeSpan ConnectBound = TimeSpan.FromSeconds(3);
    private readonly LabRecord lab;
    private readonly HttpClient http;

    /// <summary>Makes a client.</summary>
    /// <param name="lab">The lab's record.</param>
    /// <param name="timeout">The bound on each request.</param>
    /// <exception cref="DalpException">The lab has no control endpoint yet.</exception>
    public LabClient(LabRecord lab, TimeSpan timeout)
    {
        this.lab = lab;
        if (lab.Control is null)
        {
            throw new DalpException("LabStarting", FaultKind.Unavailable, $"The lab '{lab.Name}' is still starting.", "Try again in a few seconds.", lab.Name);
        }
        // A proxy from the environment has no business between two processes of one machine.
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = ConnectBound }) { BaseAddress = lab.Control, Timeout = timeout };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", lab.ControlToken);
    }

    /// <summary>Asks how the lab fares.</summary>
    public Task<LabStatus> GetStatusAsync(CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, "status", LabJson.Default.LabStatus, cancellationToken);

    /// <summary>Injects a fault and waits until it shows.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="site">The site; null for the one that the fault is put on by default.</param>
    /// <param name="cancellationToken">Ends the wait; the lab goes on.</param>
    /// <param name="seconds">For a fault that makes something slow: how slow; null for its default.</param>
    public Task<DalpLabFault> InjectAsync(LabFault fault, Topology.SiteRole? site, CancellationToken cancellationToken, int? seconds = null) =>
        SendAsync(HttpMethod.Put, $"{FaultPath(fault, LabFaults.SiteOf(fault, site))}{(seconds is null ? "" : $"&seconds={seconds}")}", LabJson.Default.DalpLabFault, cancellationToken);

    /// <summary>Takes a fault back and waits until things are as they were.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="site">The site; null for the one that the fault is put on by default.</param>
    /// <param name="cancellationToken">Ends the wait; the lab goes on.</param>
    public Task<DalpLabFault> UndoAsync(LabFault fault, Topology.SiteRole? site, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, FaultPath(fault, LabFaults.SiteOf(fault, site)), LabJson.Default.DalpLabFault, cancellationToken);

    /// <summary>Sets the load on the primary.</summary>
    /// <param name="transactionsPerSecond">Commits per second; 0 ends the load.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<LabStatus> SetWriteLoadAsync(int transactionsPerSecond, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, $"writeload/{transactionsPerSecond}", LabJson.Default.LabStatus, cancellationToken);

    /// <summary>Makes a database server, a former primary, the standby of the other, as somebody at its host would.</summary>
    /// <param name="server">The server's name.</param>
    /// <param name="cancellationToken">Ends the wait; the lab goes on.</param>
    public Task<LabRejoin> RejoinAsync(string server, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"rejoin/{Uri.EscapeDataString(server)}", LabJson.Default.LabRejoin, cancellationToken);

    /// <summary>Asks the lab to stop. It has said yes when this returns, and is gone when its process is.</summary>
    public Task<LabStatus> StopAsync(CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, "stop", LabJson.Default.LabStatus, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static string FaultPath(LabFault fault, Topology.SiteRole site) => $"faults/{fault}?site={site}";

    private async Task<T> SendAsync<T>(HttpMethod method, string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            using var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false) ?? throw new JsonException("The answer is empty.");
            }
            var failure = await response.Content.ReadFromJsonAsync(LabJson.Default.LabFailure, cancellationToken).ConfigureAwait(false);
            throw (failure ?? throw new JsonException("The failure is empty.")).ToException(lab.Name);
        }
        catch (TaskCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failure("LabTimedOut", FaultKind.TimedOut, $"did not answer within {http.Timeout.TotalSeconds:0} s", exception);
        }
        catch (HttpRequestException exception)
        {
            throw Failure("LabUnreachable", FaultKind.Unreachable, $"can't be reached: {exception.Message}", exception);
        }
        catch (JsonException exception)
        {
            throw Failure("LabAnswerInvalid", FaultKind.InvalidAnswer, "gave an answer that this version of DalpHa does not understand", exception);
        }
    }

    private DalpException Failure(string errorId, FaultKind kind, string what, Exception exception) => new(
        errorId,
        kind,
        $"The lab '{lab.Name}' {what}.",
        $"See {LabFolder.Log(lab.Folder)}; Stop-DalpLab -Name {lab.Name} ends it in any case.",
        lab.Name,
        exception);
}
