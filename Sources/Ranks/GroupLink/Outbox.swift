import Foundation
internal import Requests

/// What a rank's main thread hands to its link's thread, in a bounded number of bytes.
final class Outbox: @unchecked Sendable {
    // Safe because every access to the variables holds the condition's lock.
    private let condition = MonotonicCondition()
    private var chunks: [Chunk] = []
    /// Short messages behind them, one after the other.
    private var open: [UInt8] = []
    /// Bytes in both, and the ones that the link's thread has taken and not yet sent.
    private var queuedBytes = 0
    private var takenBytes = 0
    private var finished = false
    private var closed = false
    private var expectsEnd = false

    /// Short messages that there is memory for at any time: several steps' reports of a busy group.
    private static let openBytes = 16 << 10

    init() { open.reserveCapacity(Self.openBytes) }

    /// `false` if there was no room in time; with nothing waiting, there is room for anything.
    func append(_ new: [Data], limit: Int, within patience: Duration) -> Bool {
        let count = new.reduce(0) { $0 + $1.count }
        return whileLocked {
            guard waitForRoom(count, limit, patience) else { return false }
            if !open.isEmpty {
                chunks.append(.array(open))
                open = []
                open.reserveCapacity(Self.openBytes)
            }
            for data in new { chunks.append(.data(data)) }
            queuedBytes += count
            return true
        }
    }

    /// The same for a short message that `write` appends to the bytes before it: nothing is allocated as long as the
    /// link's thread keeps up.
    func append(limit: Int, within patience: Duration, _ write: (inout [UInt8]) -> Void) -> Bool {
        whileLocked {
            // How much it will be is not known yet: there must be some room.
            guard waitForRoom(1, limit, patience) else { return false }
            let before = open.count
            write(&open)
            queuedBytes += open.count - before
            return true
        }
    }

    private func waitForRoom(_ count: Int, _ limit: Int, _ patience: Duration) -> Bool {
        guard queuedBytes + takenBytes > 0 else { return true }
        let deadline = MonotonicClock.now + patience
        while queuedBytes + takenBytes > 0, count > limit - min(limit, queuedBytes + takenBytes), !closed {
            guard condition.wait(until: deadline) else { return false }
        }
        return true
    }

    /// Moves everything to the channel; whether nothing will follow.
    func move(into channel: LinkChannel) -> Bool {
        whileLocked {
            if !open.isEmpty {
                chunks.append(.array(open))
                // On the link's thread, so that the rank's own finds memory.
                open = []
                open.reserveCapacity(Self.openBytes)
            }
            channel.enqueue(chunks)
            chunks.removeAll(keepingCapacity: true)
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
