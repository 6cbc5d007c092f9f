/// Values from many threads to one that waits for them.
///
/// A consumer of Swift concurrency reads it from a thread of its own.
package final class EventQueue<Element: Sendable>: @unchecked Sendable {
    // Safe because every access to the two variables holds the condition's lock.
    private let condition = MonotonicCondition()
    private var elements: [Element] = []
    private var dropped = 0

    /// What the queue holds at most; the newest is dropped when it is full.
    private let capacity: Int

    package init(capacity: Int = .max) { self.capacity = capacity }

    /// Appends `element`, and wakes the thread that waits; `false` if the queue was full.
    @discardableResult
    package func push(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard elements.count < capacity else {
            dropped += 1
            return false
        }
        elements.append(element)
        condition.signal()
        return true
    }

    /// The oldest element, if there is one; never waits.
    package func poll() -> Element? {
        condition.lock()
        defer { condition.unlock() }
        return elements.isEmpty ? nil : elements.removeFirst()
    }

    /// The oldest element; waits for one up to `limit`, or for ever if `limit` is `nil`.
    package func next(within limit: Duration? = nil) -> Element? {
        condition.lock()
        defer { condition.unlock() }
        let deadline = limit.map { MonotonicClock.now + $0 }
        while elements.isEmpty {
            guard let deadline else {
                condition.wait()
                continue
            }
            if !condition.wait(until: deadline), elements.isEmpty { return nil }
        }
        return elements.removeFirst()
    }

    /// How many elements were dropped since the last call.
    package func takeDropped() -> Int {
        condition.lock()
        defer { condition.unlock() }
        defer { dropped = 0 }
        return dropped
    }
}
