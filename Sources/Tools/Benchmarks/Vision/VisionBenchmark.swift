internal import Checkpoints
package import Kernels
package import SAILVL2Model
internal import Tensors

/// How fast a tile is encoded, beside what OpenBLAS makes of the same products alone and what the processor can do.
///
/// All are measured in turns, so that a machine that slows down slows them all; times and rates are medians.
package struct VisionBenchmark: Sendable {
    package let threads: Int
    /// Seconds for one tile, pixels to visual tokens.
    package let tileSeconds: Double
    /// Seconds of OpenBLAS for the tile's products alone, each cut into as many row ranges as there are threads; 0 if
    /// nobody asked.
    package let productSeconds: Double
    /// Floating-point operations of the tile's products.
    package let operations: Double
    /// What the products take for an activation.
    package let element: PackedRows.Element
    /// GFLOP/s in registers, on the same threads: of multiply-adds, or of dot products of bfloat16 where the processor has
    /// an instruction for them and the tower uses it; in eight bits of int8 dot products, and of multiply-adds for what stays
    /// float.
    package let peakGigaflops: Double
    /// What that peak is of.
    package var peakName: String { Self.peakName(element) }

    /// What the peak of a tower is of that takes such activations.
    static func peakName(_ element: PackedRows.Element) -> String {
        if element == .q8 { return "int8 dots, and multiply-adds for attention" }
        return element.words(width: 2) == 1 ? "bfloat16 dot products" : "multiply-adds"
    }

    /// Measures `repetitions` tiles of grey noise; a tile of a SAILViT-Huge is 1.55 TFLOP.
    package static func run(
        _ weights: VisionWeights,
        beside blas: OpenBLAS?,
        pool: ThreadPool,
        repetitions: Int = 3
    ) -> VisionBenchmark {
        let config = weights.config
        let encoder = VisionEncoder(weights, pool: pool)
        let side = config.images.tileSide
        let pixels = (0..<3 * side * side).map { Float(($0 &* 2_654_435_761) % 1009) / 252 - 2 }
        let products = VisionProduct.ofTile(config)
        let operands = blas.map { (blas: $0, of: ProductOperands(products)) }
        // Only its registers are measured here, so that it needs hardly any memory.
        let probe = MachineProbe(pool: pool, bytes: 1 << 20)
        var tokens = [Float](repeating: 0, count: config.visualTokensPerTile * config.decoder.hidden)
        var (tile, alone, peak): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<max(1, repetitions) {
            let encoding = ContinuousClock().measure {
                pixels.withUnsafeBufferPointer { pixels in
                    tokens.withUnsafeMutableBufferPointer { tokens in _ = encoder.encode(pixels, into: tokens) }
                }
            }
            tile.append(encoding / .seconds(1))
            peak.append(Self.peak(products, weights.element, probe) / 1e9)
            guard let operands else { continue }
            let (blas, its) = operands
            alone.append(pool.step { products.reduce(0) { $0 + its.seconds(for: $1, blas, pool: pool) } })
        }
        return VisionBenchmark(
            threads: pool.threads,
            tileSeconds: Spread(tile).median,
            productSeconds: alone.isEmpty ? 0 : Spread(alone).median,
            operations: products.reduce(0) { $0 + $1.operations },
            element: weights.element,
            peakGigaflops: Spread(peak).median
        )
    }

    /// Operations a second of these products if registers were all that counts.
    static func peak(
        _ products: [VisionProduct],
        _ element: PackedRows.Element,
        _ probe: MachineProbe
    ) -> Double {
        let floats =
            element == .bfloat16 ? probe.bfloat16Peak(rounds: 1_000_000) : probe.multiplyAddPeak(rounds: 1_000_000)
        guard element == .q8 else { return floats }
        let integers = probe.integerDotPeak(rounds: 1_000_000)
        let operations = products.reduce(0) { $0 + $1.operations }
        return operations / products.reduce(0) { $0 + $1.operations / ($1.staysFloat ? floats : integers) }
    }
}

/// Operands that are large enough for any of the products.
private struct ProductOperands {
    private let left, right, result: FloatBuffer

    init(_ products: [VisionProduct]) {
        func largest(_ size: (VisionProduct) -> Int) -> FloatBuffer {
            let buffer = FloatBuffer(count: products.map(size).max() ?? 0)
            for index in 0..<buffer.count { buffer[index] = Float(index % 251) / 125 - 1 }
            return buffer
        }
        left = largest { $0.rows * $0.depth }
        right = largest { $0.columns * $0.depth }
        result = largest { $0.rows * $0.columns }
    }

    /// Seconds for all `count` of a product: each is computed a few times, up to a second, and multiplied up.
    func seconds(for product: VisionProduct, _ blas: OpenBLAS, pool: ThreadPool) -> Double {
        let rowsPerThread = (product.rows + pool.threads - 1) / pool.threads
        let right = Rows(right.pointer, count: product.columns, width: product.depth)
        let measured = min(product.count, max(1, Int(2e10 * Double(product.count) / product.operations)))
        let time = ContinuousClock().measure {
            for _ in 0..<measured {
                pool.run((product.rows + rowsPerThread - 1) / rowsPerThread) { part in
                    let rows = part * rowsPerThread..<min((part + 1) * rowsPerThread, product.rows)
                    let left = Rows(left.pointer, count: product.rows, width: product.depth).rows(rows)
                    let result = Rows(result.pointer, count: product.rows, width: product.columns).rows(rows)
                    blas.multiplyTransposed(left, right, into: result)
                }
            }
        }
        return time / .seconds(1) * Double(product.count) / Double(measured)
    }
}
