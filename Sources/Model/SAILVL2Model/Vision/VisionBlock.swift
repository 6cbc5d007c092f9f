import Kernels

/// One pre-norm block of the tower: x += attention(norm1(x)), then x += mlp(norm2(x)).
///
/// x is the workspace's hidden states, [patches, hidden]. Hugging Face: `SAILViTBlock`.
struct VisionBlock: Sendable {
    let norm1: VisionRMSNorm
    let attention: VisionAttention
    let norm2: VisionRMSNorm
    let mlp: VisionMLP

    func callAsFunction(work: VisionWorkspace) {
        norm1(work.hidden, into: work.normed, on: work.pool)
        attention(work.normed, work: work)
        norm2(work.hidden, into: work.normed, on: work.pool)
        mlp(work.normed, work: work)
    }
}
