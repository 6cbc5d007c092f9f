import Kernels

/// RMSNorm: y = x / √(mean(x²) + ε) · weight, row by row.
///
/// x and y [patches, hidden], weight [hidden]; y may be x. Hugging Face: `SAILViTRMSNorm`.
struct VisionRMSNorm: Sendable {
    let weight: [Float]
    let epsilon: Float

    func callAsFunction(_ x: Rows, into y: Rows, on workers: VisionWorkers) {
        precondition(x.width == weight.count, "RMSNorm of \(weight.count) for rows of \(x.width)")
        RMSNorm.run(workers.pool, x, weight: weight, epsilon: epsilon, into: y)
    }
}
