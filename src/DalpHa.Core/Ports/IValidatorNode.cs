namespace DalpHa.Core.Ports;

/// <summary>One validator's JSON-RPC endpoint (Besu QBFT).</summary>
public interface IValidatorNode : IAsyncDisposable
{
    /// <summary>The endpoint.</summary>
    Uri Rpc { get; }

    /// <summary>Reads who the node is, and what the chain that it sees says of its signing.</summary>
    Task<ValidatorSample> SampleAsync(CancellationToken cancellationToken);
}

/// <summary>What one validator node says.</summary>
/// <param name="Address">The node's own validator address (<c>eth_coinbase</c>), lower case.</param>
/// <param name="BlockNumber">The newest block that it has.</param>
/// <param name="IsSyncing">Whether it is catching up.</param>
/// <param name="PeerCount">Connected peers.</param>
/// <param name="Validators">The validator set at that block (<c>qbft_getValidatorsByBlockNumber</c>), lower case.</param>
/// <param name="ProposedBlocks">Blocks that each address proposed in the last 100 (<c>qbft_getSignerMetrics</c>).</param>
public sealed record ValidatorSample(
    string Address,
    long BlockNumber,
    bool IsSyncing,
    int PeerCount,
    IReadOnlyList<string> Validators,
    IReadOnlyDictionary<string, long> ProposedBlocks);
