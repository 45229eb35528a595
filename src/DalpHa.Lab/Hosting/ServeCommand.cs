using System.Runtime.InteropServices;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Lab.RealApi;

namespace DalpHa.Lab.Hosting;

/// <summary>Runs one lab until it is told to stop, or the process that it belongs to is gone.</summary>
internal sealed class ServeCommand(LabSettings settings, LabRegistry registry, TimeProvider time)
{
    private static readonly TimeSpan OwnerPoll = TimeSpan.FromMilliseconds(500);

    public async Task<int> RunAsync()
    {
        using var session = Detachment.Begin();
        using var ending = new CancellationTokenSource();
        using var signals = new Signals(ending);
        try
        {
            // Read first: an owner that ends while the lab comes up must not be taken for a stranger with its number.
            var owner = Owner();
            LabPorts.DemandFree(settings.Port);
            if (settings.ApiServer == LabApiServer.Real)
            {
                RealApiBinaries.Find();
            }
            await using var claim = await LabClaim.TakeAsync(settings, registry, time, ending.Token);
            var logFile = LabFolder.Log(settings.Folder);
            using var log = new FileLog(logFile, time);
            using var audit = new FileLog(LabFolder.Audit(settings.Folder), time);
            session.SendErrorsTo(logFile);
            await using var lab = await RunningLab.StartAsync(settings, claim, time, log, audit, session.Tell, () => ending.CancelAfter(0), ending.Token);
            session.Tell(new LabProgress("Up", 100));
            session.Dispose();
            await WaitAsync(owner, ending.Token);
            return 0;
        }
        catch (Exception exception)
        {
            session.Tell(new LabProgress(null, 0, LabFailure.From(exception)));
            return 1;
        }
    }

    private ProcessIdentity? Owner() => settings.OwnerProcessId == 0
        ? null
        : ProcessIdentity.Of(settings.OwnerProcessId) ?? throw new DalpException(
            "LabOwnerGone", FaultKind.InvalidInput, $"There is no process {settings.OwnerProcessId} for the lab to end with.", "Give the id of a process that runs.", settings.OwnerProcessId);

    private static async Task WaitAsync(ProcessIdentity? owner, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && owner?.IsAlive() != false)
        {
            await Task.Delay(owner is null ? Timeout.InfiniteTimeSpan : OwnerPoll, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>SIGTERM and Ctrl+C end the lab in order; a hang-up does not concern it.</summary>
    private sealed class Signals : IDisposable
    {
        private readonly List<PosixSignalRegistration> registrations = [];

        public Signals(CancellationTokenSource ending)
        {
            foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT })
            {
                registrations.Add(PosixSignalRegistration.Create(signal, context =>
                {
                    context.Cancel = true;
                    ending.CancelAfter(0);
                }));
            }
            registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true));
        }

        public void Dispose() => registrations.ForEach(registration => registration.Dispose());
    }
}
