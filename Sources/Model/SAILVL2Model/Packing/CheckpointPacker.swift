package import Checkpoints
package import Foundation
package import Kernels
internal import Synchronization

/// Quantises the decoder's matrices of a published checkpoint into a packed one.
package struct CheckpointPacker {
    /// Bytes that one thread writes at once.
    private static let pieceBytes = 4 << 20

    private let checkpoint: Checkpoint
    package let pool: ThreadPool
    private let target: PackedCheckpoint
    private let squares: ActivationSquares?

    /// - Parameters:
    ///   - squares: by which the scales of four bits are chosen; where there are none all columns count alike.
    ///   - calibration: what they were collected from, for people.
    /// - Throws: `UsageError` where there is nothing to quantise from.
    package init(
        _ checkpoint: Checkpoint,
        format: WeightFormat,
        squares: ActivationSquares? = nil,
        calibration: String? = nil,
        pool: ThreadPool
    ) throws {
        (self.checkpoint, self.squares, self.pool) = (checkpoint, squares, pool)
        target = try PackedCheckpoint(checkpoint, format: format, calibration: calibration)
    }

    /// Bytes of the packed tensors.
    package var totalBytes: Int { target.totalBytes }

    /// Writes the packed checkpoint; one matrix at a time is in memory.
    ///
    /// - Parameter progress: is told the bytes written so far.
    package func write(to directory: URL, replacing: Bool = false, progress: (Int) -> Void = { _ in }) throws {
        try target.write(to: directory, replacing: replacing, progress: progress) { try fill($0) }
    }

    private func fill(_ target: PackedCheckpoint.Matrix) throws {
        let tensor = checkpoint.required(target.name)
        let matrix = PackedMatrix(
            rows: tensor.rowCount,
            columns: tensor.rowElements,
            storage: target.storage,
            blockColumns: target.blockColumns
        )
        precondition(matrix.byteCount == target.byteCount, "\(target.name): two sizes of one layout")
        matrix.load(
            tensor,
            rows: 0..<tensor.rowCount,
            columns: 0..<tensor.rowElements,
            at: 0,
            importance: squares?.importance(of: target.name, in: checkpoint.config.decoder),
            pool: pool
        )
        try matrix.withBytes { try write($0, to: target) }
    }

    /// Writes with all threads.
    private func write(_ bytes: UnsafeRawBufferPointer, to target: PackedCheckpoint.Matrix) throws {
        let failure = Mutex<(any Error)?>(nil)
        pool.runRanges(bytes.count, grain: Self.pieceBytes) { piece in
            do {
                try target.write(UnsafeRawBufferPointer(rebasing: bytes[piece]), at: piece.lowerBound)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
