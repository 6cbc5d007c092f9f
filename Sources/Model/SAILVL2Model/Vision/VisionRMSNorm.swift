import Kernels

/// RMSNorm: y = x / √(mean(x²) + ε) · weight, row by row.
///
/// x and y [patches, hidden], weight [hidden]; y may be x. Hugging Face: `SAILViTRMSNorm`.
struct VisionRMSNorm: Sendable {
    let weight: [Float]
    let epsilon: Float

    /// Norms all rows as the input of a product.
    func callAsFunction(_ x: Rows, into y: PackedRows, on pool: ThreadPool) {
        y.share(on: pool) { patches, rows in self(x.rows(patches), into: rows) }
    }

    /// Norms some rows on the calling thread.
    func callAsFunction(_ x: Rows, into y: Rows) {
        RowOperations.rmsNorm(x, weight: weight, epsilon: epsilon, into: y)
    }

    /// Norms all rows in place, on all threads.
    func inPlace(_ x: Rows, on pool: ThreadPool) {
        RMSNorm.run(pool, x, weight: weight, epsilon: epsilon, into: x)
    }
}
