using System.Globalization;
using DalpHa.Core.Errors;
using DalpHa.Core.Lab;
using DalpHa.Lab.Hosting;
using DalpHa.Lab.Outage;
using DalpHa.Lab.Postgres;
using DalpHa.Lab.RealApi;
using DalpHa.Lab.Seed;
using k8s;

const string Usage = """
    usage: DalpHa.Lab serve --name NAME --folder FOLDER --registry FOLDER [--port N] [--owner PID] [--write-load N] [--api-server Lab|Real] [--ready-after SECONDS] [--database SelfRun|CloudNativePg|CloudNativePgReplica]
           DalpHa.Lab crowd --kubeconfig FILE --context NAME --pods N
           DalpHa.Lab watch-writes --user NAME --database NAME --ports N,N
           DalpHa.Lab rejoin --registry FOLDER --name NAME --server SERVER
           DalpHa.Lab find-postgres
           DalpHa.Lab find-kube-apiserver
    """;

switch (args)
{
    case ["find-postgres"]:
        return await TellAsync(() => Task.FromResult(PostgresBinaries.Find().Folder));
    case ["find-kube-apiserver"]:
        return await TellAsync(() => Task.FromResult(RealApiBinaries.Find().Folder));
    case ["rejoin", "--registry", var registryFolder, "--name", var lab, "--server", var server]:
        return await TellAsync(async () =>
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(10));
            var record = new LabRegistry(Path.GetFullPath(registryFolder)).Read(lab) ?? throw new DalpException("LabNotFound", FaultKind.NotFound, $"There is no lab '{lab}'.", "Start it: Start-DalpLab.", lab);
            using var client = new LabClient(record, TimeSpan.FromMinutes(10));
            var done = await client.RejoinAsync(server, bound.Token);
            return $"{done.Server} follows: {done.Method}.";
        });
    case ["crowd", "--kubeconfig", var kubeconfig, "--context", var context, "--pods", var pods]:
        using (var bound = new CancellationTokenSource(TimeSpan.FromMinutes(30)))
        using (var client = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig, context)))
        {
            await new Crowd(client, TimeProvider.System).GrowAsync(int.Parse(pods, CultureInfo.InvariantCulture), bound.Token);
        }
        return 0;
    case ["watch-writes", "--user", var user, "--database", var database, "--ports", var ports]:
        return await new WatchWritesCommand(user, database, WatchWritesCommand.Ports(ports)).RunAsync();
    case ["serve", .. var rest] when rest.Length % 2 == 0 && Settings(rest) is var (settings, registry):
        return await new ServeCommand(settings, registry, TimeProvider.System).RunAsync();
    default:
        await Console.Error.WriteLineAsync(Usage);
        return 2;
}

static (LabSettings Settings, LabRegistry Registry)? Settings(string[] rest)
{
    var options = rest.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
    int Number(string option) => int.Parse(options.GetValueOrDefault(option, "0"), CultureInfo.InvariantCulture);
    if (!options.TryGetValue("--folder", out var folder) || !options.TryGetValue("--registry", out var registry))
    {
        return null;
    }
    var settings = new LabSettings
    {
        Name = options.GetValueOrDefault("--name", LabSettings.DefaultName),
        Folder = Path.GetFullPath(folder),
        Port = Number("--port"),
        OwnerProcessId = Number("--owner"),
        WriteLoad = Number("--write-load"),
        Database = Enum.Parse<LabDatabaseKind>(options.GetValueOrDefault("--database", nameof(LabDatabaseKind.SelfRun))),
        ReadyAfter = Number("--ready-after"),
        ApiServer = Enum.Parse<LabApiServer>(options.GetValueOrDefault("--api-server", nameof(LabApiServer.Lab))),
    };
    return (settings, new LabRegistry(Path.GetFullPath(registry)));
}

static async Task<int> TellAsync(Func<Task<string>> work)
{
    try
    {
        await Console.Out.WriteLineAsync(await work());
        return 0;
    }
    catch (DalpException exception)
    {
        await Console.Error.WriteLineAsync($"{exception.Message}\n{exception.RecommendedAction}");
        return 1;
    }
}
