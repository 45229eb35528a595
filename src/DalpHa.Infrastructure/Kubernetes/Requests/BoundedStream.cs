namespace DalpHa.Infrastructure.Kubernetes;

/// <summary>Reads another stream up to a bound, so that no answer, and nothing that it unpacks to, can fill the memory.</summary>
internal sealed class BoundedStream(Stream inner, long maxBytes) : Stream
{
    private long read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="TooLongException">More came than the bound.</exception>
    public override int Read(Span<byte> buffer) => Count(inner.Read(buffer));

    /// <exception cref="TooLongException">More came than the bound.</exception>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <exception cref="TooLongException">More came than the bound.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));

    /// <exception cref="TooLongException">More came than the bound.</exception>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }
        base.Dispose(disposing);
    }

    private int Count(int count) => (read += count) <= maxBytes ? count : throw new TooLongException(maxBytes);
}

/// <summary>A stream was longer than its bound.</summary>
internal sealed class TooLongException(long maxBytes) : Exception($"more than {maxBytes / 1024} KiB");
