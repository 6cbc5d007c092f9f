import Checkpoints
import Communication
import Foundation
import Kernels
import SAILVL2Model
import Sharding
import TestSupport

/// Checkpoints for the tests of quantised weights: a plain one, and the packed one of it.
enum PackedFixtures {
    /// "odd", or the name of a fixture.
    static let models = ["odd", "mini-bf16", "mini-f32"]

    static func plain(_ model: String, in directory: URL) throws -> Checkpoint {
        guard model == "odd" else { return try Checkpoint(directory: Fixtures.url(model)) }
        let shape = try OddShape.write(to: directory.appendingPathComponent("shape"))
        let out = directory.appendingPathComponent("odd")
        try SyntheticCheckpoint(SyntheticShape(shape.path)).write(to: out, seed: 3)
        return try Checkpoint(directory: out)
    }

    static func packed(_ plain: Checkpoint, _ format: WeightFormat, in directory: URL) throws -> Checkpoint {
        let out = directory.appendingPathComponent("packed-\(format)")
        try CheckpointPacker(plain, format: format, pool: ThreadPool(threads: 3)).write(to: out)
        return try Checkpoint(directory: out)
    }

    static func options(_ format: WeightFormat, _ placement: WeightPlacement = .copy) -> DecoderOptions {
        DecoderOptions(
            cacheElement: .float32,
            pages: 1,
            maxRows: 2,
            maxLogitsRows: 1,
            format: format,
            placement: placement
        )
    }

    /// A rank of a group in which nobody speaks: good for loading.
    final class SilentCommunicator: Communicator {
        let rank, size: Int
        let meter = CommunicationMeter()

        init(rank: Int, size: Int) { (self.rank, self.size) = (rank, size) }

        func allGather(_ all: UnsafeMutablePointer<Float>, _ layout: BlockLayout) {}
        func blockExchange() -> any BlockExchange { NoExchange() }
        func agree(_ yes: Bool) -> Bool { yes }
        func gather(_ mine: UnsafeRawPointer, into all: UnsafeMutableRawPointer, _ layout: BlockLayout) {}
    }
}
