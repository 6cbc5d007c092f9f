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

    /// - Parameter ranks: that share the decoder.
    package init(_ checkpoint: Checkpoint, format: WeightFormat, ranks: Int, pool: ThreadPool) {
        let config = checkpoint.config.decoder
        self.pool = pool
        let names = TensorNames.layer(0)
        let storage = WeightLoader.storage(
            format.isQuantised ? [] : [names.gateProj, names.upProj].map(checkpoint.required),
            format
        )
        // Gate over up, which are the most weights of a layer.
        let rows = max(16, 2 * config.intermediate / ranks)
        let bytes = PackedMatrix.byteCount(rows: rows, columns: config.hidden, storage: storage)
        matrices = (0..<max(2, (Self.bytes(threads: pool.threads) + bytes - 1) / bytes)).map { _ in
            let memory = ScratchMemory(byteCount: bytes)
            // Pages that were never written are all one page of zeros. Of any storage this is a number near one, or a small
            // integer with such a scale: none that processors are slow at.
            pool.runRanges(bytes, grain: 1 << 20) { range in
                memset(memory.base + range.lowerBound, 0x3C, range.count)
            }
            return PackedMatrix(
                rows: rows,
                columns: config.hidden,
                storage: storage,
                mapped: memory.base,
                owner: memory
            )
        }
        x = FloatBuffer(count: config.hidden)
        x.pointer.update(repeating: 0.5, count: config.hidden)
        y = FloatBuffer(count: rows)
    }

    /// Bytes to go through, again and again: twice what the last cache holds, but little of a small memory.
    private static func bytes(threads: Int) -> Int {
        let cache = 2 * max(0, sysconf(Int32(_SC_LEVEL3_CACHE_SIZE)))
        let most = min(1 << 30, Int(ProcessInfo.processInfo.physicalMemory / 16))
        return min(max(128 << 20, threads * 32 << 20, cache), most)
    }

    /// Multiplies by the next matrices, a few milliseconds of work; the result is the number of weights.
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
