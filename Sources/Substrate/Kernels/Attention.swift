internal import CKernels

/// Consecutive query tokens of one sequence inside a step.
package struct SequenceRun: Sendable {
    /// The run's first row in the step's activations.
    package let firstRow: Int
    package let tokens: Int
    /// The absolute position of the first of them.
    package let start: Int
    /// The pages of the sequence: positions `64 i ..< 64 (i + 1)` are in `pages[i]`.
    package let pages: [Int32]

    package init(firstRow: Int, tokens: Int, start: Int, pages: [Int32]) {
        precondition(firstRow >= 0 && tokens >= 0 && start >= 0, "a run of \(tokens) tokens at \(start)")
        precondition(pages.count >= KVLayout.pages(for: start + tokens), "\(pages.count) pages, \(start + tokens) keys")
        self.firstRow = firstRow
        self.tokens = tokens
        self.start = start
        self.pages = pages
    }

    /// Calls `body` with the run as C sees it.
    func withUnsafeRun<T>(_ body: (UnsafePointer<ck_attention_run>) -> T) -> T {
        pages.withUnsafeBufferPointer { pages in
            var run = ck_attention_run()
            run.first_row = firstRow
            run.tokens = tokens
            run.start = start
            run.pages = pages.baseAddress
            return withUnsafePointer(to: &run) { body($0) }
        }
    }
}

/// Causal grouped-query attention over a paged key-value cache.
///
/// A query at position `p` sees the keys `0...p` of its sequence. Its result is a function of those keys alone: the same
/// bits whether its prompt came whole, in chunks or token by token, and in whatever pages (`ck_attention.h` has the
/// definition). Keys and values are read once for all query heads that share them.
package struct Attention: Sendable {
    /// Query heads on this rank.
    package let queryHeads: Int
    /// Query heads that share a KV head, in the whole model.
    package let groupSize: Int
    /// The place of the first local query head in its group; not 0 where a rank's share begins inside a group.
    package let headOffset: Int
    /// By which scores are multiplied, `1/√headDim`.
    package let scale: Float

    package init(queryHeads: Int, groupSize: Int, headOffset: Int = 0, scale: Float) {
        precondition(queryHeads >= 1 && groupSize >= 1, "\(queryHeads) query heads in groups of \(groupSize)")
        precondition((0..<groupSize).contains(headOffset), "head \(headOffset) of a group of \(groupSize)")
        self.queryHeads = queryHeads
        self.groupSize = groupSize
        self.headOffset = headOffset
        self.scale = scale
    }

    /// KV heads that the local query heads read.
    package var kvHeads: Int { (headOffset + queryHeads + groupSize - 1) / groupSize }

    /// Writes the keys and values of a step's tokens into the cache.
    ///
    /// - Parameters:
    ///   - keys: `[tokens, kvHeads · headDim]`, normed and rotated.
    ///   - values: The same shape and stride.
    package static func append(
        _ pool: ThreadPool,
        _ cache: KVCachePages,
        layer: Int,
        runs: [SequenceRun],
        keys: Rows,
        values: Rows,
        kernels: KernelSet = .active
    ) {
        let kv = cache.layer(layer)
        let width = cache.layout.kvHeads * cache.layout.headDim
        precondition(keys.width == width && values.width == width, "append: \(keys.width), \(values.width), \(width)")
        precondition(keys.stride == values.stride, "append: strides \(keys.stride) and \(values.stride)")
        check(runs, rows: min(keys.count, values.count), pages: cache.pages)
        withUnsafePointer(to: kv) { kv in
            pool.runRanges(runs.count * cache.layout.kvHeads, grain: max(1, 64 * runs.count / max(1, keys.count))) {
                for task in $0 {
                    let (index, head) = task.quotientAndRemainder(dividingBy: cache.layout.kvHeads)
                    let run = runs[index]
                    run.withUnsafeRun {
                        ck_kv_append(
                            kernels.table,
                            kv,
                            $0,
                            head,
                            keys.row(run.firstRow),
                            values.row(run.firstRow),
                            keys.stride
                        )
                    }
                }
            }
        }
    }

    /// Attends for all runs of a step; their keys and values must have been appended.
    ///
    /// - Parameters:
    ///   - q: `[tokens, queryHeads · headDim]`, normed and rotated.
    ///   - out: The same shape.
    package func run(
        _ pool: ThreadPool,
        _ cache: KVCachePages,
        layer: Int,
        runs: [SequenceRun],
        q: Rows,
        into out: Rows,
        kernels: KernelSet = .active
    ) {
        let width = queryHeads * cache.layout.headDim
        precondition(q.width == width && out.width == width, "attention: \(q.width), \(out.width), \(width)")
        precondition(kvHeads <= cache.layout.kvHeads, "attention: \(kvHeads) of \(cache.layout.kvHeads) KV heads")
        Attention.check(runs, rows: min(q.count, out.count), pages: cache.pages)
        var call = ck_attention()
        call.kv = cache.layer(layer)
        call.q = UnsafePointer(q.base)
        call.out = out.base
        call.q_stride = q.stride
        call.out_stride = out.stride
        call.query_heads = queryHeads
        call.group_size = groupSize
        call.head_offset = headOffset
        call.scale = scale
        withUnsafePointer(to: &call) { call in
            AttentionTasks(pool: pool, kernels: kernels, call: call, kvHeads: kvHeads, runs: runs).run()
        }
    }

    private static func check(_ runs: [SequenceRun], rows: Int, pages: Int) {
        for run in runs {
            precondition(run.firstRow + run.tokens <= rows, "rows \(run.firstRow) + \(run.tokens) of \(rows)")
            precondition(run.pages.allSatisfy { $0 >= 0 && $0 < pages }, "a page outside 0..<\(pages)")
        }
    }
}
