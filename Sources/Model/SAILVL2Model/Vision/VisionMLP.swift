import Kernels

/// The SwiGLU layer of a vision block, added to the hidden states.
///
/// x += fc2(silu(fc1(x')) · fc3(x')), x' [patches, hidden] the normed x, fc1 and fc3 to [patches, intermediate].
/// The same block of fc1's and fc3's outputs exists only in a thread's work area, until their product is packed for fc2.
/// Hugging Face: `SAILViTSwiGLUFFN`.
struct VisionMLP: Sendable {
    let fc1, fc2, fc3: VisionLinear

    func callAsFunction(_ normed: PackedRows, work: VisionWorkspace) {
        BlockProduct.forEach(normed, outputs: fc1.weight.rows, results: 2, on: work.pool) { block in
            let (gate, up) = (fc1(block, result: 0), fc3(block, result: 1))
            RowOperations.swiGLU(gate: gate, up: up)
        } finish: { block in
            block.store(block.result(), into: work.gated, firstColumn: block.outputs.lowerBound)
        }
        fc2(work.gated, on: work.pool) { y, block in
            RowOperations.add(y, to: work.hidden[block.tokens, block.outputs])
        }
    }
}
