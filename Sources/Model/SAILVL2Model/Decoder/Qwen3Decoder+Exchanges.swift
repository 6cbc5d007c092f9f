internal import Checkpoints
package import Communication
internal import Kernels

extension Qwen3Decoder {
    /// Exchanges what a step of these tokens would, one sum after the other, and computes nothing between the sums: what
    /// the communication of a step takes by itself.
    ///
    /// What the residual stream then holds means nothing.
    ///
    /// Collective: every decoder rank must call it with the same tokens.
    package func exchange(_ tokens: [Int32]) throws(MPIError) {
        let work = workspace
        precondition(tokens.count <= work.maxRows, "\(tokens.count) rows, room for \(work.maxRows)")
        work.pool.beginStep()
        defer { work.pool.endStep() }
        let hidden = work.rows(work.hidden, count: tokens.count, width: config.hidden)
        let run = DecoderBatch.Run(start: 0, count: tokens.count, pages: [])
        try embed(DecoderBatch(tokens: tokens, runs: [run], logitsRows: []), into: hidden)
        let blocks = TreeAllReduce.blockRows(tokens.count, domains: work.fabric.domains.count)
        for _ in 0..<config.layers {
            for reduce in [work.attentionReduce, work.mlpReduce] {
                for (slot, rows) in blocks.enumerated() {
                    _ = reduce.destination(rows: rows, slot: slot)
                    try reduce.begin(rows: rows, slot: slot)
                    try reduce.finish(rows: rows, slot: slot, addingTo: hidden.base)
                }
            }
        }
    }
}
