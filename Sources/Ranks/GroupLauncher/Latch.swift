import Foundation

/// A value that comes once, for any number of threads that wait for it.
final class Latch<Value: Sendable>: @unchecked Sendable {
    // Safe because every access to the variable holds the condition's lock.
    private let condition = NSCondition()
    private var value: Value?

    func open(_ value: Value) {
        condition.lock()
        defer { condition.unlock() }
        self.value = value
        condition.broadcast()
    }

    func wait() -> Value {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let value { return value }
            condition.wait()
        }
    }
}
