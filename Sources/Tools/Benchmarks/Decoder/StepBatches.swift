internal import Checkpoints
internal import Kernels
internal import SAILVL2Model
internal import Tensors

/// Batches of made-up tokens for sequences whose caches are filled with made-up keys and values.
///
/// What the numbers are does not change what a step takes; that they are there does: pages of a cache that were never
/// written are all the same page of zeros, which the processor's caches would hold.
struct StepBatches {
    private let decoder: Qwen3Decoder
    private let sequences: Int
    private let context: Int
    /// Positions behind the context that decode steps go through, again and again.
    private let positions: Int
    private let pages: [[Int32]]
    private var step = 0

    init(_ decoder: Qwen3Decoder, sequences: Int, context: Int, positions: Int) {
        (self.decoder, self.sequences) = (decoder, sequences)
        (self.context, self.positions) = (context, positions)
        let count = KVLayout.pages(for: context + positions)
        pages = (0..<sequences).map { sequence in (0..<count).map { Int32(sequence * count + $0) } }
    }

    /// Writes `context` tokens' keys and values for every sequence, in every layer.
    func fillCache() {
        let cache = decoder.workspace.cache
        let chunk = 512
        let width = cache.layout.kvHeads * cache.layout.headDim
        let numbers = FloatBuffer(count: chunk * width)
        for index in 0..<numbers.count { numbers[index] = Float(index % 251) * 0.01 - 1.25 }
        for start in stride(from: 0, to: context, by: chunk) {
            let count = min(chunk, context - start)
            let rows = Rows(numbers.pointer, count: count, width: width)
            for layer in 0..<cache.layers {
                for own in pages {
                    let run = SequenceRun(firstRow: 0, tokens: count, start: start, pages: own)
                    Attention.append(
                        decoder.workspace.pool,
                        cache,
                        layer: layer,
                        runs: [run],
                        keys: rows,
                        values: rows
                    )
                }
            }
        }
    }

    /// One token of every sequence, at the next position.
    mutating func nextDecode() -> DecoderBatch {
        let position = context + step % positions
        step += 1
        return DecoderBatch(
            tokens: (0..<sequences).map { token(step + 31 * $0) },
            runs: pages.map { DecoderBatch.Run(start: position, count: 1, pages: $0) },
            logitsRows: Array(0..<sequences)
        )
    }

    /// `tokens` tokens of the first sequence, so many positions behind the context.
    func run(at position: Int, tokens: Int) -> DecoderBatch {
        DecoderBatch(
            tokens: (position..<(position + tokens)).map(token),
            runs: [DecoderBatch.Run(start: context + position, count: tokens, pages: pages[0])],
            logitsRows: [tokens - 1]
        )
    }

    /// `tokens` tokens of the first sequence.
    func prefill(_ tokens: Int) -> DecoderBatch { run(at: 0, tokens: tokens) }

    private func token(_ index: Int) -> Int32 { Int32(index * 7919 % decoder.config.vocabulary) }
}
