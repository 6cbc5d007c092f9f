internal import Kernels
internal import Tensors

/// Floats that are neither zero nor equal.
func benchmarkNumbers(_ count: Int) -> FloatBuffer {
    let buffer = FloatBuffer(count: count)
    for index in 0..<count { buffer[index] = Float(index % 251) * 0.001 - 0.1 }
    return buffer
}

/// What the benchmark of attention computes: one sequence, 8 KV heads of 128, the last `queries` tokens of `context`.
struct AttentionProblem {
    let cache: KVCachePages
    private let pool: ThreadPool
    private let runs: [SequenceRun]
    private let attention: Attention
    private let q: FloatBuffer
    private let out: FloatBuffer

    /// - Parameter cacheBytes: Layers are added until the cache has this size.
    init(
        _ pool: ThreadPool,
        _ element: KVLayout.Element,
        context: Int,
        queries: Int,
        heads: Int,
        cacheBytes: Int
    ) {
        let layout = KVLayout(element: element, kvHeads: 8, headDim: 128)
        let pages = KVLayout.pages(for: context)
        cache = KVCachePages(layout: layout, layers: 1 + cacheBytes / (pages * layout.pageBytes), pages: pages)
        self.pool = pool
        let numbers = (0..<Int32(pages)).map { $0 }
        runs = [SequenceRun(firstRow: 0, tokens: queries, start: context - queries, pages: numbers)]
        attention = Attention(queryHeads: heads, groupSize: heads / 8, scale: 0.088)
        (q, out) = (benchmarkNumbers(queries * heads * 128), benchmarkNumbers(queries * heads * 128))
        let kv = benchmarkNumbers(context * 8 * 128)
        let keys = Rows(kv.pointer, count: context, width: 8 * 128)
        let prompt = SequenceRun(firstRow: 0, tokens: context, start: 0, pages: numbers)
        for layer in 0..<cache.layers {
            Attention.append(pool, cache, layer: layer, runs: [prompt], keys: keys, values: keys)
        }
    }

    /// Attends in every layer.
    func run() {
        let (tokens, width) = (runs[0].tokens, q.count / runs[0].tokens)
        let (input, output) = (
            Rows(q.pointer, count: tokens, width: width), Rows(out.pointer, count: tokens, width: width)
        )
        for layer in 0..<cache.layers {
            attention.run(pool, cache, layer: layer, runs: runs, q: input, into: output)
        }
    }
}
