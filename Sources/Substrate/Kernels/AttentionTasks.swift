internal import CKernels

/// One attention call cut into tasks: runs, KV heads, blocks of at most 48 rows and, where there are few of those,
/// spans of 512 keys.
///
/// How it is cut changes no bit: spans are added in the same order by one task or by several.
struct AttentionTasks {
    let pool: ThreadPool
    let kernels: KernelSet
    let call: UnsafePointer<ck_attention>
    let kvHeads: Int
    let runs: [SequenceRun]

    /// One task: which rows of which KV head of which run, and which span; a KV head with few query heads here may have
    /// no rows in it.
    private struct Part {
        let run: Int
        let kvHead: Int
        let rows: Range<Int>
        let span: Int
    }

    /// Partial results of the split form are kept to 64 MiB.
    private static let partialLimit = 16 << 20

    func run() {
        let (whole, spans, partials) = counts()
        let split = pool.threads > 1 && whole < 2 * pool.threads && partials <= AttentionTasks.partialLimit
        let scratch = ck_attention_scratch(call)
        guard split, spans > whole else {
            pool.reserveScratch(floatsPerThread: scratch, shared: 0)
            return pool.run(whole) { task, thread in runWhole(part(task, splitting: false), thread) }
        }
        pool.reserveScratch(floatsPerThread: scratch, shared: partials)
        pool.run(spans) { task, thread in runSpan(part(task, splitting: true), thread) }
        pool.run(whole) { task, thread in runJoin(part(task, splitting: false), thread) }
    }

    private func runWhole(_ part: Part, _ thread: Int) {
        guard !part.rows.isEmpty else { return }
        runs[part.run].withUnsafeRun {
            ck_attention_rows(
                kernels.table,
                call,
                $0,
                part.kvHead,
                part.rows.lowerBound,
                part.rows.upperBound,
                pool.scratch(of: thread)
            )
        }
    }

    private func runSpan(_ part: Part, _ thread: Int) {
        guard !part.rows.isEmpty else { return }
        runs[part.run].withUnsafeRun {
            ck_attention_span(
                kernels.table,
                call,
                $0,
                part.kvHead,
                part.rows.lowerBound,
                part.rows.upperBound,
                part.span,
                partials(part),
                pool.scratch(of: thread)
            )
        }
    }

    private func runJoin(_ part: Part, _ thread: Int) {
        guard !part.rows.isEmpty else { return }
        runs[part.run].withUnsafeRun {
            ck_attention_join(
                kernels.table,
                call,
                $0,
                part.kvHead,
                part.rows.lowerBound,
                part.rows.upperBound,
                partials(part),
                pool.scratch(of: thread)
            )
        }
    }

    // MARK: Counting

    /// Rows of a run and KV head, and of the KV head that has most.
    private func rows(_ run: SequenceRun, _ kvHead: Int) -> Int {
        run.withUnsafeRun { ck_attention_row_count(call, $0, kvHead) }
    }

    private func mostRows(_ run: SequenceRun) -> Int {
        run.tokens * min(call.pointee.group_size, call.pointee.query_heads)
    }

    private func spans(_ run: SequenceRun) -> Int { run.withUnsafeRun { ck_attention_span_count($0) } }

    private func blocks(_ run: SequenceRun) -> Int { (mostRows(run) + CK_ATTENTION_ROWS - 1) / CK_ATTENTION_ROWS }

    private func partialFloats(_ run: SequenceRun) -> Int {
        mostRows(run) * spans(run) * ck_attention_partial(call)
    }

    /// Tasks of the whole form and of the split one, and floats of partial results.
    private func counts() -> (whole: Int, spans: Int, partials: Int) {
        var (whole, split, partials) = (0, 0, 0)
        for run in runs {
            let blocks = kvHeads * blocks(run)
            whole += blocks
            split += blocks * spans(run)
            partials += kvHeads * partialFloats(run)
        }
        return (whole, split, partials)
    }

    /// Task `index`; a run's last rows, which see most keys, come first.
    private func part(_ index: Int, splitting: Bool) -> Part {
        var rest = index
        for number in runs.indices {
            let run = runs[number]
            let (blocks, spans) = (blocks(run), splitting ? spans(run) : 1)
            guard rest >= kvHeads * blocks * spans else {
                let (unit, span) = rest.quotientAndRemainder(dividingBy: spans)
                let (kvHead, fromLast) = unit.quotientAndRemainder(dividingBy: blocks)
                let (rows, block) = (rows(run, kvHead), blocks - 1 - fromLast)
                let range = rows * block / blocks..<rows * (block + 1) / blocks
                return Part(run: number, kvHead: kvHead, rows: range, span: span)
            }
            rest -= kvHeads * blocks * spans
        }
        preconditionFailure("task \(index) of an attention call")
    }

    /// Where the partial results of a part's run and KV head begin.
    private func partials(_ part: Part) -> UnsafeMutablePointer<Float> {
        var offset = part.kvHead * partialFloats(runs[part.run])
        for run in runs[..<part.run] { offset += kvHeads * partialFloats(run) }
        return pool.shared + offset
    }
}
