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

    /// One task: which rows of which KV head of which run, and which span.
    private struct Part {
        let run: Int
        let kvHead: Int
        let rows: Range<Int>
        let span: Int
    }

    /// Partial results of the split form are kept to 64 MiB.
    private static let partialLimit = 16 << 20

    func run() {
        let whole = taskCount(splitting: false)
        let partials = runs.reduce(0) { $0 + partialFloats($1) }
        let split = pool.threads > 1 && whole < 2 * pool.threads && partials <= AttentionTasks.partialLimit
        let scratch = ck_attention_scratch(call)
        guard split, taskCount(splitting: true) > whole else {
            pool.reserveScratch(floatsPerThread: scratch, shared: 0)
            return pool.run(whole) { task, thread in runWhole(part(task, splitting: false), thread) }
        }
        pool.reserveScratch(floatsPerThread: scratch, shared: partials)
        pool.run(taskCount(splitting: true)) { task, thread in runSpan(part(task, splitting: true), thread) }
        pool.run(whole) { task, thread in runJoin(part(task, splitting: false), thread) }
    }

    private func runWhole(_ part: Part, _ thread: Int) {
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

    private func rows(_ run: SequenceRun, _ kvHead: Int) -> Int {
        run.withUnsafeRun { ck_attention_row_count(call, $0, kvHead) }
    }

    private func spans(_ run: SequenceRun) -> Int { run.withUnsafeRun { ck_attention_span_count($0) } }

    private func blocks(_ rows: Int) -> Int {
        (rows + CK_ATTENTION_ROWS - 1) / CK_ATTENTION_ROWS
    }

    private func partialFloats(_ run: SequenceRun) -> Int {
        let rows = (0..<kvHeads).reduce(0) { $0 + self.rows(run, $1) }
        return rows * spans(run) * ck_attention_partial(call)
    }

    private func taskCount(splitting: Bool) -> Int {
        runs.reduce(0) { count, run in
            let heads = (0..<kvHeads).reduce(0) { $0 + blocks(rows(run, $1)) }
            return count + heads * (splitting ? spans(run) : 1)
        }
    }

    /// Task `index`; a run's last rows, which see most keys, come first.
    private func part(_ index: Int, splitting: Bool) -> Part {
        var rest = index
        for (number, run) in runs.enumerated() {
            let spans = splitting ? spans(run) : 1
            for kvHead in 0..<kvHeads {
                let rows = rows(run, kvHead)
                let blocks = blocks(rows)
                if rest < blocks * spans {
                    let block = blocks - 1 - rest / spans
                    let range = rows * block / blocks..<rows * (block + 1) / blocks
                    return Part(run: number, kvHead: kvHead, rows: range, span: rest % spans)
                }
                rest -= blocks * spans
            }
        }
        preconditionFailure("task \(index) of an attention call")
    }

    /// Where the partial results of a part's run and KV head begin.
    private func partials(_ part: Part) -> UnsafeMutablePointer<Float> {
        var offset = runs[..<part.run].reduce(0) { $0 + partialFloats($1) }
        let run = runs[part.run]
        for kvHead in 0..<part.kvHead { offset += rows(run, kvHead) * spans(run) * ck_attention_partial(call) }
        return pool.shared + offset
    }
}
