internal import Communication
internal import Kernels

extension DecoderWorkspace {
    /// The blocks of a step, each with its part of the residual stream.
    ///
    /// A block may begin in the middle of a sequence's tokens: what they are does not depend on how they are cut, and the
    /// keys of the first part are there before the second one looks for them.
    func passes(of batch: DecoderBatch, _ hidden: Rows) -> (first: ForwardPass, second: ForwardPass?) {
        let count = attentionReduce.blocks(rows: hidden.count)
        guard count > 1 else { return (pass(0, rows: 0..<hidden.count, of: batch, hidden), nil) }
        let middle = (hidden.count + 1) / 2
        return (pass(0, rows: 0..<middle, of: batch, hidden), pass(1, rows: middle..<hidden.count, of: batch, hidden))
    }

    private func pass(_ slot: Int, rows: Range<Int>, of batch: DecoderBatch, _ hidden: Rows) -> ForwardPass {
        positions[slot].removeAll(keepingCapacity: true)
        runs[slot].removeAll(keepingCapacity: true)
        var firstRow = 0
        for run in batch.runs {
            let part = rows.clamped(to: firstRow..<(firstRow + run.count))
            if !part.isEmpty {
                let start = run.start + part.lowerBound - firstRow
                runs[slot].append(
                    SequenceRun(
                        firstRow: part.lowerBound - rows.lowerBound,
                        tokens: part.count,
                        start: start,
                        pages: run.pages
                    )
                )
                for position in start..<(start + part.count) { positions[slot].append(position) }
            }
            firstRow += run.count
        }
        return ForwardPass(
            workspace: self,
            slot: slot,
            hidden: hidden.rows(rows),
            positions: positions[slot],
            runs: runs[slot]
        )
    }

    /// Shares no list of pages with the batch any more, whose owner then writes in it where it lies.
    func forgetRuns() {
        for slot in runs.indices { runs[slot].removeAll(keepingCapacity: true) }
    }

    /// Has the calling thread move messages on between the tasks of kernels.
    ///
    /// What goes wrong there is said where the sum is waited for: a broken connection stays broken.
    func pollWhileComputing() {
        pool.errand = { [unowned self] in
            try? attentionReduce.poll()
            try? mlpReduce.poll()
        }
    }
}
