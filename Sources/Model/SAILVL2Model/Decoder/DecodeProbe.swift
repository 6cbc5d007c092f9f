package import Checkpoints
internal import Foundation
package import Kernels
internal import Tensors

/// Products of one token by weights of a decoder's shapes and format, for measuring how fast a rank decodes before there
/// are weights.
package final class DecodeProbe {
    private let pool: ThreadPool
    private let matrices: [PackedMatrix]
    private let x: FloatBuffer
    private let y: FloatBuffer
    private var next = 0

    /// - Parameters:
    ///   - ranks: that share the decoder.
    ///   - bytes: of weights to go through, again and again; more than caches hold.
    package init(_ checkpoint: Checkpoint, format: WeightFormat, ranks: Int, bytes: Int, pool: ThreadPool) {
        let config = checkpoint.config.decoder
        self.pool = pool
        let names = TensorNames.layer(0)
        let storage = WeightLoader.storage([names.gateProj, names.upProj], checkpoint, format)
        // Gate over up, which are the most weights of a layer.
        let rows = max(16, 2 * config.intermediate / ranks)
        let each = PackedMatrix.byteCount(rows: rows, columns: config.hidden, storage: storage)
        let count = max(2, bytes / each)
        let memory = ScratchMemory(byteCount: count * each)
        // Pages that were never written are all one page of zeros. Of any storage this is a number near one, or a small
        // integer with such a scale: none that processors are slow at.
        pool.runRanges(memory.byteCount, grain: 1 << 20) { range in
            memset(memory.base + range.lowerBound, 0x3C, range.count)
        }
        matrices = (0..<count).map { index in
            PackedMatrix(
                rows: rows,
                columns: config.hidden,
                storage: storage,
                mapped: memory.base + index * each,
                owner: memory
            )
        }
        x = FloatBuffer(count: config.hidden)
        x.pointer.update(repeating: 0.5, count: config.hidden)
        y = FloatBuffer(count: rows)
    }

    /// Multiplies by the next matrices, some milliseconds of work.
    ///
    /// - Returns: the number of weights.
    package func multiply() -> Int {
        pool.step {
            var weights = 0
            for _ in 0..<min(8, matrices.count) {
                let matrix = matrices[next % matrices.count]
                next += 1
                Matmul.run(
                    pool,
                    matrix,
                    Rows(x.pointer, count: 1, width: matrix.columns),
                    into: Rows(y.pointer, count: 1, width: matrix.rows)
                )
                weights += matrix.rows * matrix.columns
            }
            return weights
        }
    }
}
