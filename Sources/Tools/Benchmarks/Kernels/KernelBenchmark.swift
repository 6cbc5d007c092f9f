internal import Foundation
package import Kernels
internal import Tensors

/// Measures the kernels against what this machine can do, in turns, so that a disturbance hits both alike.
///
/// Ceilings: reading the same memory in four streams, and multiply-adds in registers. Every row is the median of the
/// rounds; the share is the median of the rounds' ratios.
package struct KernelBenchmark {
    /// One row of the table.
    package struct Measurement: Sendable {
        package let name: String
        package let threads: Int
        /// GB/s or GFLOP/s.
        package let value: Double
        package let ceiling: Double
        /// `value` / `ceiling`.
        package let share: Double
        package let unit: String
    }

    private let pool: ThreadPool
    private let rounds: Int
    private let kernels = KernelSet.active

    /// Bytes of what is to be read from memory and not from a cache: twice the third-level one, at least 256 MiB, at most
    /// 1 GiB and an eighth of the memory.
    private static let streamedBytes: Int = {
        let cache = sysconf(Int32(_SC_LEVEL3_CACHE_SIZE))
        let most = min(1 << 30, Int(ProcessInfo.processInfo.physicalMemory / 8))
        return max(min(2 * cache, most), 256 << 20)
    }()

    package init(threads: Int, rounds: Int = 7) {
        precondition(rounds >= 1, "\(rounds) rounds")
        pool = ThreadPool(threads: threads)
        self.rounds = rounds
    }

    /// One token by a matrix far larger than the caches, which is what decoding does: GB/s of weights.
    ///
    /// - Parameter tokens: Sequences that decode together; the weights are still read once.
    package func decode(_ storage: PackedMatrix.Storage, tokens: Int = 1) -> Measurement {
        let panelBytes = PackedMatrix.byteCount(rows: 16, columns: 2048, storage: storage)
        let matrix = filledMatrix(rows: Self.streamedBytes / panelBytes * 16, columns: 2048, storage)
        let (x, y) = (benchmarkNumbers(tokens * matrix.columns), benchmarkNumbers(tokens * matrix.rows))
        let bytes = Double(matrix.byteCount) / 1e9
        return measure(
            "decode \(storage), \(tokens) token\(tokens == 1 ? "" : "s")",
            amount: bytes,
            ceilingAmount: bytes,
            unit: "GB/s",
            ceiling: { readAll(matrix) },
            kernel: { multiply(matrix, tokens, x, y) }
        )
    }

    /// Many tokens by a matrix of a decoder layer: GFLOP/s, of integers GOP/s.
    package func prefill(_ storage: PackedMatrix.Storage, tokens: Int = 256) -> Measurement {
        let matrix = filledMatrix(rows: 2048, columns: 2048, storage)
        let (x, y) = (benchmarkNumbers(tokens * matrix.columns), benchmarkNumbers(tokens * matrix.rows))
        let operations = 2 * Double(tokens) * Double(matrix.rows) * Double(matrix.columns) / 1e9
        return measure(
            "prefill \(storage), \(tokens) tokens",
            amount: operations,
            ceilingAmount: peakOperations(storage) / 1e9,
            unit: storage.isQuantised ? "GOP/s" : "GFLOP/s",
            ceiling: { multiplyAdd(storage) },
            kernel: { multiply(matrix, tokens, x, y) }
        )
    }

    /// One query token of 16 heads on 8 KV heads of 128 over `context` cached tokens, in so many layers that they are
    /// larger than the caches: GB/s of keys and values.
    package func attention(_ element: KVLayout.Element, context: Int) -> Measurement {
        let problem = AttentionProblem(
            pool,
            element,
            context: context,
            queries: 1,
            heads: 16,
            cacheBytes: Self.streamedBytes
        )
        let matrix = filledMatrix(rows: problem.cache.byteCount / 4096, columns: 2048, .bfloat16)
        return measure(
            "attention \(element), \(context) keys",
            amount: Double(problem.cache.byteCount) / 1e9,
            ceilingAmount: Double(matrix.byteCount) / 1e9,
            unit: "GB/s",
            ceiling: { readAll(matrix) },
            kernel: { problem.run() }
        )
    }

    /// All query tokens of a prompt, `heads` heads on 8 KV heads of 128: GFLOP/s of the products with visible keys.
    package func attentionPrefill(_ element: KVLayout.Element, tokens: Int = 2048, heads: Int = 16) -> Measurement {
        let problem = AttentionProblem(pool, element, context: tokens, queries: tokens, heads: heads, cacheBytes: 0)
        let products = Double(tokens * (tokens + 1) / 2) * Double(heads * 128)
        return measure(
            "attention \(element), prompt of \(tokens), \(heads) heads",
            amount: 4 * products / 1e9,
            ceilingAmount: peakOperations(.float32) / 1e9,
            unit: "GFLOP/s",
            ceiling: { multiplyAdd(.float32) },
            kernel: { problem.run() }
        )
    }

    // MARK: The work

    private func multiply(_ matrix: PackedMatrix, _ tokens: Int, _ x: FloatBuffer, _ y: FloatBuffer) {
        let input = Rows(x.pointer, count: tokens, width: matrix.columns)
        Matmul.run(pool, matrix, input, into: Rows(y.pointer, count: tokens, width: matrix.rows))
    }

    private func readAll(_ matrix: PackedMatrix) {
        let chunk = 1 << 20
        matrix.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            nonisolated(unsafe) let memory = base
            pool.run(bytes.count / chunk) { task in kernels.readStreams(memory + task * chunk, byteCount: chunk) }
        }
    }

    private var peakRounds: Int { 100_000 }
    private var peakTasks: Int { 4 * pool.threads }

    /// What ``multiplyAdd(_:)`` does, as its probe counts it.
    private func peakOperations(_ storage: PackedMatrix.Storage) -> Double {
        probe(storage, rounds: 1) * Double(peakRounds * peakTasks)
    }

    private func multiplyAdd(_ storage: PackedMatrix.Storage) {
        pool.run(peakTasks) { _ in _ = probe(storage, rounds: peakRounds) }
    }

    /// Bytes, and pairs of bfloat16 where the processor multiplies them, have ceilings of their own.
    private func probe(_ storage: PackedMatrix.Storage, rounds: Int) -> Double {
        if storage.isQuantised { return kernels.integerDots(rounds: rounds) }
        return storage == .bfloat16Pairs ? kernels.bfloat16Dots(rounds: rounds) : kernels.multiplyAdds(rounds: rounds)
    }

    // MARK: Measuring

    private func measure(
        _ name: String,
        amount: Double,
        ceilingAmount: Double,
        unit: String,
        ceiling: () -> Void,
        kernel: () -> Void
    ) -> Measurement {
        var (values, ceilings): ([Double], [Double]) = ([], [])
        pool.step {
            // The first calls touch memory; the second tell how often to repeat.
            _ = (seconds(1, ceiling), seconds(1, kernel))
            let repeats = (repeats(seconds(1, ceiling)), repeats(seconds(1, kernel)))
            for _ in 0..<rounds {
                ceilings.append(Double(repeats.0) * ceilingAmount / seconds(repeats.0, ceiling))
                values.append(Double(repeats.1) * amount / seconds(repeats.1, kernel))
            }
        }
        return Measurement(
            name: name,
            threads: pool.threads,
            value: Spread(values).median,
            ceiling: Spread(ceilings).median,
            share: Spread(zip(values, ceilings).map { $0 / $1 }).median,
            unit: unit
        )
    }

    /// So many that a turn takes some 40 ms, longer than the slice that another process may take away.
    private func repeats(_ seconds: Double) -> Int { max(1, Int(0.04 / seconds)) }

    private func seconds(_ repeats: Int, _ body: () -> Void) -> Double {
        ContinuousClock().measure { for _ in 0..<repeats { body() } } / .seconds(1)
    }

    // MARK: Data

    private func filledMatrix(rows: Int, columns: Int, _ storage: PackedMatrix.Storage) -> PackedMatrix {
        let matrix = PackedMatrix(rows: rows, columns: columns, storage: storage)
        // 0x3c.. is a small number in all three formats.
        let type = storage.elementType ?? .bfloat16
        let source = (0..<16 * columns * type.byteCount).map { UInt8($0 % 2 == 0 ? $0 % 251 : 0x3c) }
        source.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            for first in stride(from: 0, to: rows, by: 16) {
                let range = first..<min(rows, first + 16)
                matrix.pack(base, of: type, rowStrideBytes: columns * type.byteCount, rows: range, pool: pool)
            }
        }
        return matrix
    }
}
