package import Foundation
import Tensors

/// A published checkpoint, opened and checked: its configuration and its weights where they lie on disk.
///
/// Everything is checked before anything is allocated: every tensor that the model needs exists, with a type that
/// the runtime computes with and the shape that the configuration asks for, inside its file.
/// Weights are mapped, not read; ranks that share a machine share the pages.
package final class Checkpoint: Sendable {
    package let directory: URL
    package let config: ModelConfig
    /// Bytes of the weight files.
    package let totalBytes: Int
    /// Equal on two machines only if they hold the same checkpoint; see `Fingerprint`.
    package let fingerprint: UInt64

    /// The needed tensors by name, and the optional ones that are there.
    private let tensors: [String: TensorView]

    package init(directory: URL) throws(CheckpointError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory), isDirectory.boolValue
        else { throw .notADirectory(directory.path) }
        let config = try MappedFile(directory.appendingPathComponent("config.json"))
        let preprocessor = try MappedFile(directory.appendingPathComponent("preprocessor_config.json"))
        self.directory = directory
        self.config = try ModelConfig(
            config: config,
            preprocessor: preprocessor,
            modelName: ModelConfig.modelName(of: directory)
        )
        let weights = try WeightFiles(directory: directory)
        tensors = try Self.checkedTensors(self.config, weights)
        totalBytes = weights.totalBytes
        fingerprint = Fingerprint.of(configuration: [config, preprocessor], weights: weights.files)
    }

    private static func checkedTensors(
        _ config: ModelConfig,
        _ weights: WeightFiles
    ) throws(CheckpointError) -> [String: TensorView] {
        var tensors: [String: TensorView] = [:]
        for expected in config.expectedTensors {
            guard let (record, mapping) = weights.record(expected.name) else {
                guard expected.isRequired else { continue }
                throw .tensorMissing(tensor: expected.name, shape: expected.shape, place: weights.source)
            }
            let file = mapping.name
            guard let elementType = ElementType(rawValue: record.elementType) else {
                throw .elementType(file: file, tensor: expected.name, found: record.elementType)
            }
            guard record.shape == expected.shape else {
                throw .shape(file: file, tensor: expected.name, expected: expected.shape, found: record.shape)
            }
            tensors[expected.name] = TensorView(
                name: expected.name,
                elementType: elementType,
                shape: record.shape,
                byteRange: record.byteRange,
                mapping: mapping
            )
        }
        return tensors
    }

    /// A tensor of the model by its published name; `nil` if it is optional and absent, or not the model's.
    package func tensor(_ name: String) -> TensorView? { tensors[name] }

    /// A tensor that `init` has found: a needed one of `TensorNames`.
    package func required(_ name: String) -> TensorView {
        guard let tensor = tensors[name] else { preconditionFailure("\(name) is not a needed tensor") }
        return tensor
    }

    /// The output head: the embedding when the two are tied.
    package var head: TensorView {
        required(config.decoder.tiedEmbeddings ? TensorNames.embedding : TensorNames.head)
    }
}
