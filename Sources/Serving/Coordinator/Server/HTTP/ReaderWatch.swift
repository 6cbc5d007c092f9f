internal import NIOCore

/// For how long a client has taken nothing of what waits for it; a slow one that takes a little is no fault.
struct ReaderWatch: Sendable {
    /// Bytes that were handed to the socket.
    var written = 0
    /// The most that the socket was ever seen to have taken.
    ///
    /// What frames the bytes waits as well and is not counted, so that less may seem taken later.
    private var most = 0
    private var since: NIODeadline?

    /// - Parameter pending: bytes of what was written that the socket has not taken.
    mutating func stalled(pending: Int, now: NIODeadline) -> TimeAmount {
        let taken = written - pending
        guard pending > 0, taken <= most else {
            most = max(most, taken)
            since = nil
            return .zero
        }
        let start = since ?? now
        since = start
        return now - start
    }
}
