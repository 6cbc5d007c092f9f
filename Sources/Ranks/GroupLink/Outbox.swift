import Foundation
internal import Requests

/// What a rank's main thread hands to its link's thread, in a bounded number of bytes.
final class Outbox: @unchecked Sendable {
    // Safe because every access to the variables holds the condition's lock.
    private let condition = MonotonicCondition()
    private var chunks: [Data] = []
    /// Bytes in `chunks`, and the ones that the link's thread has taken and not yet sent.
    private var queuedBytes = 0
    private var takenBytes = 0
    private var finished = false
    private var closed = false
    private var expectsEnd = false

    /// `false` if there was no room in time; with nothing waiting, there is room for anything.
    func append(_ new: [Data], limit: Int, within patience: Duration) -> Bool {
        let count = new.reduce(0) { $0 + $1.count }
        return whileLocked {
            let deadline = MonotonicClock.now + patience
            while queuedBytes + takenBytes > 0, count > limit - min(limit, queuedBytes + takenBytes), !closed {
                guard condition.wait(until: deadline) else { return false }
            }
            chunks += new
            queuedBytes += count
            return true
        }
    }

    /// Moves everything to the channel; whether nothing will follow.
    func move(into channel: LinkChannel) -> Bool {
        whileLocked {
            channel.enqueue(chunks)
            chunks = []
            queuedBytes = 0
            takenBytes = channel.waitingBytes
            return finished
        }
    }

    func noteWaiting(_ bytes: Int) { whileLocked { takenBytes = bytes } }

    /// Nothing will follow.
    func finish() { whileLocked { finished = true } }

    var isFinished: Bool { whileLocked { finished } }

    /// The link's thread is done with the socket.
    func noteClosed() { whileLocked { closed = true } }

    /// The other side said that it will close the link.
    func expectEnd() { whileLocked { expectsEnd = true } }

    var endIsExpected: Bool { whileLocked { expectsEnd } }

    func waitUntilSent(within limit: Duration) {
        whileLocked {
            let deadline = MonotonicClock.now + limit
            while !closed, condition.wait(until: deadline) {}
        }
    }

    private func whileLocked<T>(_ body: () -> T) -> T {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return body()
    }
}
