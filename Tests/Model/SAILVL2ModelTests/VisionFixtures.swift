import Foundation
import TestSupport

@testable import Checkpoints
@testable import Kernels
@testable import SAILVL2Model

/// What the tests of the vision tower share.
enum VisionFixtures {
    /// Random checkpoints of shapes that the published models do not have; see make_fixtures.py.
    static let otherShapes = ["vision/biases-second-last", "vision/first-block-v1", "vision/many-blocks"]

    static func checkpoint(_ path: String) throws -> Checkpoint { try Checkpoint(directory: Fixtures.url(path)) }

    static func encoder(
        _ path: String,
        _ element: PackedRows.Element = .float32,
        threads: Int = 2,
        helpers: Int = 0
    ) throws -> VisionEncoder {
        let pool = ThreadPool(threads: threads, helpers: helpers)
        // Other tests want the processors too.
        pool.helpers?.beIncautious()
        return VisionEncoder(VisionWeights(try checkpoint(path), element: element, pool: pool), pool: pool)
    }

    /// A float32 tensor of `<path>/golden.tensors`.
    static func golden(_ path: String, _ name: String) throws -> [Float] {
        let file = try SafetensorsFile(MappedFile(Fixtures.url(path).appendingPathComponent("golden.tensors")))
        guard let record = file.records[name] else { throw MissingTensor(name: name) }
        let bytes = UnsafeRawBufferPointer(rebasing: file.mapping.bytes[record.byteRange])
        return (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }

    struct MissingTensor: Error { let name: String }

    /// The normalised pixels of an image's tiles, each [3, side, side], computed as the reference computes them.
    static func tiles(of image: String, _ config: ModelConfig) throws -> [[Float]] {
        let bytes = [UInt8](try Data(contentsOf: Fixtures.url("vision/\(image).rgb")))
        let pixels = config.images.tileSide * config.images.tileSide
        return (0..<bytes.count / (3 * pixels)).map { tile in
            (0..<3 * pixels).map { index in
                let (channel, pixel) = (index / pixels, index % pixels)
                let value = Float(bytes[(tile * pixels + pixel) * 3 + channel]) / 255
                return (value - config.images.mean[channel]) / config.images.std[channel]
            }
        }
    }
}

extension VisionEncoder {
    /// The visual tokens of all tiles, one after the other.
    func tokens(_ tiles: [[Float]]) -> [Float] {
        let count = config.visualTokensPerTile * config.decoder.hidden
        return tiles.flatMap { tile in
            [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                buffer.initialize(repeating: .nan)
                let tokens = UnsafeMutableBufferPointer(rebasing: buffer[0..<count])
                _ = tile.withUnsafeBufferPointer { encode($0, into: tokens) }
                initialized = count
            }
        }
    }
}

/// The largest |a − b| as a share of the largest |b|; infinite if the counts differ.
func relativeError(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count, let scale = b.map(\.magnitude).max(), scale > 0 else { return .infinity }
    let worst = zip(a, b).map { ($0 - $1).magnitude }.reduce(0) { $1.isNaN ? .infinity : Swift.max($0, $1) }
    return worst / scale
}
