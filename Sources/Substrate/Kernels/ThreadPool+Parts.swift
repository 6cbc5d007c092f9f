internal import CKernels

extension ThreadPool {
    /// Calls `body(piece, thread)` for pieces of `0..<count` on all threads and returns when all are done.
    ///
    /// Each thread goes through a part of its own, half of what is left of it at a time, and then takes of the others'.
    /// Each number is in one piece; who takes it is an accident. Must not be called from inside a task.
    ///
    /// - Parameters:
    ///   - grain: pieces begin at its multiples.
    ///   - most: of a piece, at least a grain; the errand is looked after between pieces.
    package func runParts(
        _ count: Int,
        grain: Int,
        most: Int = .max,
        _ body: (_ piece: Range<Int>, _ thread: Int) -> Void
    ) {
        precondition(count >= 0 && count < 1 << 31, "\(count) units")
        precondition(grain >= 1 && most >= grain, "pieces of \(grain) to \(most)")
        ck_parts_deal(parts, count, grain, most)
        run(threads) { _, thread in
            var (begin, end) = (0, 0)
            while ck_parts_take(parts, thread, &begin, &end) {
                body(begin..<end, thread)
                if thread == 0 { errand?() }
            }
        }
    }

    /// Says what the threads will read next: they bring it nearer while they wait, until the step ends.
    func announce(_ ahead: WeightsAhead?) {
        for thread in 0..<threads { ck_thread_pool_set_ahead(handle, thread, ahead?.begin(of: thread, among: threads)) }
    }
}
