import Kernels
import TestSupport

/// One sequence with random queries, keys and values.
struct AttentionProblem {
    let tokens: Int
    let queryHeads: Int
    let kvHeads: Int
    let headDim: Int
    let attention: Attention
    let layout: KVLayout
    var q: [Float]
    var k: [Float]
    var v: [Float]

    init(
        tokens: Int,
        kvHeads: Int,
        group: Int,
        headDim: Int,
        element: KVLayout.Element,
        queryHeads: Int? = nil,
        headOffset: Int = 0
    ) {
        var random = SeededRandom(seed: UInt64(tokens * 1000 + headDim * 10 + group))
        self.tokens = tokens
        self.kvHeads = kvHeads
        self.headDim = headDim
        self.queryHeads = queryHeads ?? kvHeads * group
        attention = Attention(
            queryHeads: self.queryHeads,
            groupSize: group,
            headOffset: headOffset,
            scale: 1 / Float(headDim).squareRoot()
        )
        layout = KVLayout(element: element, kvHeads: kvHeads, headDim: headDim)
        q = random.floats(tokens * self.queryHeads * headDim).map { 4 * $0 }
        k = random.floats(tokens * kvHeads * headDim)
        v = random.floats(tokens * kvHeads * headDim)
    }

    /// By how much results may differ from ``exact(token:head:)``: what is multiplied by eight bits has 16.
    var tolerance: Double { layout.element == .q8 ? 5e-5 : 3e-6 }

    /// Appends and attends in chunks of these lengths; pages are taken in the order of `pages`.
    func run(_ pool: ThreadPool, chunks: [Int], pages: [Int32]? = nil, kernels: KernelSet = .active) -> [Float] {
        let count = KVLayout.pages(for: tokens)
        let pages = pages ?? (0..<Int32(count)).map { $0 }
        let cache = KVCachePages(layout: layout, layers: 2, pages: Int(pages.max() ?? 0) + 1)
        var out = [Float](repeating: .nan, count: q.count)
        var start = 0
        for chunk in chunks {
            let run = SequenceRun(firstRow: 0, tokens: chunk, start: start, pages: pages)
            let result = step(pool, cache, [run], rows: start..<start + chunk, kernels: kernels)
            out.replaceSubrange(start * queryHeads * headDim..<(start + chunk) * queryHeads * headDim, with: result)
            start += chunk
        }
        return out
    }

    /// One step over these rows of q, k and v.
    func step(
        _ pool: ThreadPool,
        _ cache: KVCachePages,
        _ runs: [SequenceRun],
        rows: Range<Int>,
        kernels: KernelSet = .active
    ) -> [Float] {
        let (queryWidth, kvWidth) = (queryHeads * headDim, kvHeads * headDim)
        var queries = Array(q[rows.lowerBound * queryWidth..<rows.upperBound * queryWidth])
        var keys = Array(k[rows.lowerBound * kvWidth..<rows.upperBound * kvWidth])
        var values = Array(v[rows.lowerBound * kvWidth..<rows.upperBound * kvWidth])
        var out = [Float](repeating: .nan, count: queries.count)
        keys.withRows(rows.count, width: kvWidth) { keys in
            values.withRows(rows.count, width: kvWidth) {
                Attention.append(pool, cache, layer: 1, runs: runs, keys: keys, values: $0, kernels: kernels)
            }
        }
        queries.withRows(rows.count, width: queryWidth) { q in
            out.withRows(rows.count, width: queryWidth) {
                attention.run(pool, cache, layer: 1, runs: runs, q: q, into: $0, kernels: kernels)
            }
        }
        return out
    }

    /// One output vector in double precision, from the keys and values as they are stored.
    func exact(token: Int, head: Int) -> [Double] {
        let kvHead = (attention.headOffset + head) / attention.groupSize
        let (keys, values) = ((0...token).map { stored(k, $0, kvHead) }, (0...token).map { stored(v, $0, kvHead) })
        let scores = keys.map { key in
            (0..<headDim).reduce(0.0) { $0 + Double(q[(token * queryHeads + head) * headDim + $1]) * key[$1] }
                * Double(attention.scale)
        }
        let largest = scores.max() ?? 0
        let weights = scores.map { exponential($0 - largest) }
        let total = weights.reduce(0, +)
        return (0..<headDim).map { d in
            zip(weights, values).reduce(0.0) { $0 + $1.0 * $1.1[d] } / total
        }
    }

    /// A token's key or value of one KV head as the cache holds it.
    private func stored(_ x: [Float], _ token: Int, _ kvHead: Int) -> [Double] {
        let first = (token * kvHeads + kvHead) * headDim
        let numbers = x[first..<first + headDim]
        switch layout.element {
        case .float32: return numbers.map(Double.init)
        case .float16: return numbers.map { Double(halfValue(halfBits($0))) }
        case .q8:
            let largest = numbers.map(abs).max() ?? 0
            return numbers.map { Double(($0 * (127 / largest)).rounded(.toNearestOrEven)) * Double(largest / 127) }
        }
    }
}
