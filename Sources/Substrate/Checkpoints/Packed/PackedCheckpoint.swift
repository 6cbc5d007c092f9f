package import Diagnostics
package import Foundation
internal import JSON
package import Kernels

/// A packed checkpoint that is to be written: the decoder's matrices quantised once, everything else copied.
///
/// The files are safetensors. A matrix is stored as the kernels compute with it, whole, so that any number of ranks finds
/// its shards in the same file; see `PackedTensor`.
package struct PackedCheckpoint {
    /// A matrix to be filled in.
    package struct Matrix {
        package let name: String
        /// Columns of a leaf, which are a block.
        package let blockColumns: Int
        package let storage: PackedMatrix.Storage
        package let byteCount: Int
        private let file: OutputFile
        private let start: Int

        fileprivate init(_ tensor: PackedFilePlan.Tensor, _ shape: PackedShape, at place: Place) {
            (name, blockColumns) = (tensor.name, shape.blockColumns)
            (storage, byteCount) = (shape.storage, shape.byteCount)
            (file, start) = (place.file, place.offset)
        }

        /// Writes `bytes` at `offset` of the matrix; from any thread.
        package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(UsageError) {
            precondition(
                offset >= 0 && offset + bytes.count <= byteCount,
                "\(bytes.count) bytes at \(offset) of \(name)"
            )
            try file.write(bytes, at: start + offset)
        }
    }

    fileprivate struct Place {
        let file: OutputFile
        let offset: Int
    }

    private let checkpoint: Checkpoint
    private let format: WeightFormat
    private let calibration: String?
    private let plan: PackedFilePlan

    /// - Parameter calibration: what scales are chosen by, for people; `nil` where all weights count alike.
    /// - Throws: where there is nothing to quantise from.
    package init(
        _ checkpoint: Checkpoint,
        format: WeightFormat,
        calibration: String? = nil
    ) throws(UsageError) {
        guard format.isQuantised else {
            throw UsageError(
                "--format is \(format.rawValue), expected \(WeightFormat.list(WeightFormat.quantised))",
                hint: format == .native
                    ? "a published checkpoint is native already"
                    : "a published bfloat16 checkpoint is loaded as bf16 just as fast"
            )
        }
        guard !checkpoint.storedFormat.isQuantised else {
            throw UsageError(
                "\(checkpoint.config.modelName) is packed as \(checkpoint.storedFormat.rawValue) already",
                hint: "give the checkpoint that it was packed from"
            )
        }
        (self.checkpoint, self.format, self.calibration) = (checkpoint, format, calibration)
        plan = PackedFilePlan(checkpoint, format: format)
    }

    /// Bytes of its tensors.
    package var totalBytes: Int { plan.totalBytes }

    /// Says what would keep ``write(to:replacing:progress:fill:)`` from its directory, before anything is computed for it.
    package func checkTarget(_ directory: URL, replacing: Bool) throws {
        _ = try OutputDirectory(directory, replacing: replacing)
    }

    /// Writes the checkpoint to `directory`, which must be absent or empty; with `replacing`, an earlier checkpoint.
    ///
    /// - Parameters:
    ///   - progress: is told the bytes written so far, tensor by tensor.
    ///   - fill: writes all bytes of a matrix.
    package func write(
        to directory: URL,
        replacing: Bool = false,
        progress: (Int) -> Void = { _ in },
        fill: (Matrix) throws -> Void
    ) throws {
        let output = try OutputDirectory(directory, replacing: replacing)
        try output.fill(bytes: totalBytes) { partial in
            var written = 0
            for (number, file) in plan.files.enumerated() {
                let target = try OutputFile(partial.appendingPathComponent(plan.fileName(number)))
                let prefix = file.prefix(format, calibration: calibration)
                try prefix.withUnsafeBytes { try target.write($0, at: 0) }
                var offset = prefix.count
                for tensor in file.tensors {
                    try write(tensor, at: Place(file: target, offset: offset), fill)
                    offset += tensor.byteCount
                    written += tensor.byteCount
                    progress(written)
                }
                try target.extend(to: offset)
                try target.synchronize()
            }
            if let index = plan.index {
                let text = Data(JSONWriter.text(index).utf8)
                try OutputFile.write(text, to: partial.appendingPathComponent(WeightFiles.index))
            }
            try copyTexts(to: partial)
        }
    }

    private func write(_ tensor: PackedFilePlan.Tensor, at place: Place, _ fill: (Matrix) throws -> Void) throws {
        guard let shape = tensor.packed else {
            let view = checkpoint.required(tensor.name)
            view.willNeed()
            try place.file.write(view.bytes, at: place.offset)
            return view.releasePages()
        }
        try fill(Matrix(tensor, shape, at: place))
    }

    /// Configuration, tokenizer and licence: what is not weights.
    private func copyTexts(to directory: URL) throws {
        let endings = ["json", "txt", "jinja", "md", "model"]
        for name in try FileManager.default.contentsOfDirectory(atPath: checkpoint.directory.path) {
            let source = checkpoint.directory.appendingPathComponent(name)
            let isText = endings.contains(source.pathExtension) || name.uppercased().hasPrefix("LICENSE")
            guard isText, name != WeightFiles.index else { continue }
            try OutputFile.write(try Data(contentsOf: source), to: directory.appendingPathComponent(name))
        }
    }
}
