internal import Foundation

/// Threads that do one piece of work after the other, beside the thread that computes.
final class PageLane: @unchecked Sendable {
    // Safe because everything that changes is behind the condition's lock.
    private let condition = NSCondition()
    private var work: [@Sendable () -> Void] = []
    private var first = 0
    private var busy = 0
    private var isClosed = false

    /// - Parameter isModest: whether the threads give way to those that compute.
    init(_ name: String, threads: Int, isModest: Bool) {
        for _ in 0..<threads {
            let thread = Thread { [self] in
                // On Linux this is about the calling thread alone.
                if isModest { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 15) }
                while let next { next() }
            }
            thread.name = name
            thread.start()
        }
    }

    func add(_ piece: @escaping @Sendable () -> Void) {
        condition.lock()
        work.append(piece)
        condition.signal()
        condition.unlock()
    }

    /// Lets the threads go; what has not begun is left.
    ///
    /// - Parameter limit: how long a piece that has begun is waited for.
    func close(within limit: Duration) {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
        let deadline = ContinuousClock.now + limit
        while isBusy, ContinuousClock.now < deadline { usleep(500) }
    }

    private var isBusy: Bool {
        condition.lock()
        defer { condition.unlock() }
        return busy > 0
    }

    /// Waits for the next piece; `nil` when there will be none.
    private var next: (@Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while work.count == first, !isClosed { condition.wait() }
        guard !isClosed else { return nil }
        let piece = work[first]
        first += 1
        if first == work.count { (work, first) = ([], 0) }
        busy += 1
        return { [self] in
            piece()
            condition.lock()
            busy -= 1
            condition.unlock()
        }
    }
}
