package import Diagnostics
package import Foundation
package import Kernels
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

    /// How the decoder's matrices are stored: native in a published checkpoint, a quantised format in a packed one.
    package let storedFormat: WeightFormat
    /// What the scales of a packed checkpoint were chosen by, for people; `nil` where all weights counted alike.
    package let calibration: String?
    /// Which matrices `q4m` gives more bits, of a published checkpoint.
    package let mix: WeightMix

    /// The needed tensors by name, and the optional ones that are there; in a packed checkpoint without `matrices`.
    private let tensors: [String: TensorView]
    /// The decoder's matrices of a packed checkpoint.
    private let matrices: [String: PackedTensor]

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
        let packed = try weights.packedMetadata()
        storedFormat = packed?.format ?? .native
        calibration = packed?.calibration
        mix = WeightMix(self.config)
        let expected = self.config.expectedTensors
        tensors = try Self.checkedTensors(expected.filter { packed == nil || !$0.isQuantisable }, weights)
        matrices = try Self.checkedMatrices(expected.filter(\.isQuantisable), packed, weights)
        totalBytes = weights.totalBytes
        fingerprint = Fingerprint.of(configuration: [config, preprocessor], weights: weights.files)
    }

    private static func checkedTensors(
        _ needed: [ExpectedTensor],
        _ weights: WeightFiles
    ) throws(CheckpointError) -> [String: TensorView] {
        var tensors: [String: TensorView] = [:]
        for expected in needed {
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

    private static func checkedMatrices(
        _ needed: [ExpectedTensor],
        _ packed: PackedMetadata?,
        _ weights: WeightFiles
    ) throws(CheckpointError) -> [String: PackedTensor] {
        guard let packed else { return [:] }
        var matrices: [String: PackedTensor] = [:]
        for expected in needed {
            guard let (record, mapping) = weights.record(expected.name) else {
                throw .tensorMissing(tensor: expected.name, shape: expected.shape, place: weights.source)
            }
            matrices[expected.name] = try packed.tensor(expected, record, mapping)
        }
        return matrices
    }

    /// A tensor of the model by its published name; `nil` if it is optional and absent, or not the model's.
    package func tensor(_ name: String) -> TensorView? { tensors[name] }

    /// A tensor that `init` has found: a needed one of `TensorNames`.
    package func required(_ name: String) -> TensorView {
        guard let tensor = tensors[name] else { preconditionFailure("\(name) is not a needed tensor") }
        return tensor
    }

    /// A matrix of the decoder in a packed checkpoint.
    package func packed(_ name: String) -> PackedTensor {
        guard let matrix = matrices[name] else { preconditionFailure("\(name) is not a packed matrix") }
        return matrix
    }

    /// How a matrix of the decoder is held in a quantised format, which is the checkpoint's own where that is packed.
    package func storage(of name: String, in format: WeightFormat) -> PackedMatrix.Storage {
        if storedFormat.isQuantised { return packed(name).storage }
        return format.storage ?? mix.storage(of: name)
    }

    /// The format in which the decoder is to run.
    ///
    /// - Parameter asked: what the operator wants; `nil` is the checkpoint's own.
    /// - Throws: where a packed checkpoint is to run in another format than its own.
    package func format(asked: WeightFormat?) throws(UsageError) -> WeightFormat {
        guard storedFormat.isQuantised, let asked, asked != storedFormat else { return asked ?? storedFormat }
        throw UsageError(
            "--format is \(asked.rawValue), but \(config.modelName) is packed as \(storedFormat.rawValue)",
            hint: "leave --format out, or give the checkpoint that it was packed from"
        )
    }
}
