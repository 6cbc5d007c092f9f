internal import Digests
internal import Foundation

extension Checkpoint {
    /// SHA-256 of what makes the model, in hexadecimal digits, for receipts.
    package struct Digests: Sendable, Equatable {
        /// Of `config.json` and `preprocessor_config.json`.
        package let config: String
        /// Of each weight file the name, the length, the header and samples of the weights; see `weightSamples`.
        package let weights: String
    }

    /// Samples of a weight file, evenly spread, and the bytes of each.
    ///
    /// Each is a page from the disk; all 16 GB of the largest model would take a minute. They tell models apart, and not a
    /// model from one in which somebody has changed a few numbers: that shows when an answer is computed again.
    static let weightSamples = (count: 64, bytes: 256)

    /// Reads the files anew: few ask for it.
    package func digests() throws(CheckpointError) -> Digests {
        var config: [UInt8] = []
        for name in ["config.json", "preprocessor_config.json"] {
            let file = try MappedFile(directory.appendingPathComponent(name))
            config += Array("\(name) \(file.bytes.count)\n".utf8) + file.bytes
        }
        var weights: [UInt8] = []
        for file in try WeightFiles(directory: directory).files { Self.add(file, to: &weights) }
        return Digests(config: SHA256.hex(config), weights: SHA256.hex(weights))
    }

    private static func add(_ file: SafetensorsFile, to all: inout [UInt8]) {
        let bytes = file.mapping.bytes
        all += Array("\(file.mapping.name) \(bytes.count)\n".utf8)
        all += bytes[file.headerRange]
        let start = file.headerRange.upperBound
        let step = max((bytes.count - start) / weightSamples.count, weightSamples.bytes)
        for place in stride(from: start, to: bytes.count, by: step) {
            all += bytes[place..<min(place + weightSamples.bytes, bytes.count)]
        }
    }
}
