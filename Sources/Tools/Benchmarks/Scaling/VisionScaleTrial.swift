package import Checkpoints
internal import Kernels
internal import SAILVL2Model
package import Scaling
internal import Tensors

/// Measures a tile on each rank of this group.
package struct VisionScaleTrial {
    private let checkpoint: Checkpoint
    private let format: WeightFormat
    private let inTurns: Bool
    private let rounds: Int
    private let pool: ThreadPool

    package init(_ checkpoint: Checkpoint, format: WeightFormat, threads: Int, inTurns: Bool, rounds: Int) {
        (self.checkpoint, self.format, self.inTurns, self.rounds) = (checkpoint, format, inTurns, rounds)
        pool = ThreadPool(threads: threads)
    }

    /// Collective; the same on every rank.
    package func run(in group: BenchmarkGroup) throws -> VisionTrial {
        let config = checkpoint.config
        let element = PackedRows.Element(VisionFormat(of: format))
        let before = LoadBenchmark.privateBytes
        let began = ContinuousClock.now
        let weights = VisionWeights(checkpoint, element: element, pool: pool)
        let encoder = VisionEncoder(weights, pool: pool)
        let loading = (ContinuousClock.now - began) / .seconds(1)
        let side = config.images.tileSide
        let pixels = (0..<3 * side * side).map { Float(($0 &* 2_654_435_761) % 1009) / 252 - 2 }
        var tokens = [Float](repeating: 0, count: config.visualTokensPerTile * config.decoder.hidden)
        let seconds = try Turns(inTurns ? group.mpi : nil).each {
            try Rounds(count: rounds).measure(in: BenchmarkGroup()) {
                pixels.withUnsafeBufferPointer { pixels in
                    tokens.withUnsafeMutableBufferPointer { tokens in _ = encoder.encode(pixels, into: tokens) }
                }
            }.median
        }
        let resident = LoadBenchmark.privateBytes - before - 4 * (pixels.count + tokens.count)
        let stored = checkpoint.required(TensorNames.projectorInputWeight).elementType
        let planned =
            VisionEncoder.weightBytes(config, stored: stored, element: element)
            + VisionEncoder.workBytes(config, element: element, threads: pool.threads)
        var trial = VisionTrial(ranks: group.size)
        trial.threads = try group.integers(pool.threads)
        trial.loadSeconds = try group.all(loading)
        trial.tileSeconds = try group.all(seconds)
        trial.residentBytes = try group.integers(resident)
        trial.plannedBytes = try group.integers(planned)
        trial.tileBytes = tokens.count * 4
        return trial
    }
}
