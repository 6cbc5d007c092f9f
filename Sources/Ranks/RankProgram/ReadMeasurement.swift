internal import Checkpoints
internal import Communication
internal import Kernels
internal import SAILVL2Model
internal import Sharding
internal import Tensors

/// How fast a decoder rank's threads read memory while those of all others do: the ceiling of decoding, for who watches.
struct ReadMeasurement {
    let checkpoint: Checkpoint
    let options: RankOptions
    let decoders: MPICommunicator
    let threads: Int

    /// From so many bytes of weights on, loading takes so long that a measurement is not noticed, and memory is the ceiling.
    private static let large = 1 << 30
    /// Bytes read again and again: more than caches hold, of each thread at least.
    private static let bytes = (all: 128 << 20, thread: 32 << 20)
    private static let chunk = 1 << 20

    /// Bytes a second; `nil` for a small model.
    ///
    /// Collective over the decoder ranks.
    func run() throws -> Double? {
        let plan = try ShardPlan(checkpoint.config.decoder, ranks: 1)
        let format = try DecoderOptions(options, checkpoint).format
        guard DecoderMemory.weightBytes(checkpoint, plan: plan, rank: 0, format: format) >= Self.large else {
            return nil
        }
        return try measure()
    }

    private func measure() throws -> Double {
        let pool = ThreadPool(threads: threads)
        let count = max(Self.bytes.all, Self.bytes.thread * threads) / Self.chunk
        let memory = ScratchMemory(byteCount: count * Self.chunk)
        let kernels = KernelSet.active
        // Pages that were never written are all one page of zeros.
        pool.run(count) { task in
            (memory.base + task * Self.chunk).initializeMemory(as: UInt64.self, repeating: 1, count: Self.chunk / 8)
        }
        return try decoders.rate {
            pool.step {
                pool.run(count) { task in
                    kernels.readStreams(memory.base + task * Self.chunk, byteCount: Self.chunk)
                }
            }
            return count * Self.chunk
        }
    }
}
