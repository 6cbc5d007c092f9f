internal import CMPI

/// What a point-to-point message is about; the receiver asks for one kind at a time.
package enum MessageTag: Int32, Sendable {
    /// Leader → followers, along a tree: the next step.
    case stepPlan = 1
    /// Vision rank → decoder rank: which tile follows.
    case tileHeader = 2
    /// Vision rank → decoder rank: the visual tokens of a tile.
    case tile = 3
    /// Each rank → each other: the first message of all.
    case contact = 4
    /// Decoder rank ↔ leader, at the start: names of pages on disk.
    case pageKeys = 5
    /// Follower → leader: how pages fared on their way to its disk and back.
    case pageOutcome = 6
    /// Vision rank → the first of them: which tile is next?
    case tileClaim = 7
    /// The first vision rank → another: that one, or none.
    case tileGrant = 8
}

extension MPICommunicator {
    /// Sends and returns when the buffer may be reused.
    package func send(_ bytes: UnsafeRawBufferPointer, to rank: Int, _ tag: MessageTag) throws(MPIError) {
        try meter.measure(sending: bytes.count) { () throws(MPIError) in
            let status = cmpi_send(bytes.baseAddress, Int64(bytes.count), Int32(rank), tag.rawValue, handle)
            try MPIError.check(status, "MPI_Send")
        }
    }

    /// Receives a message of at most `bytes.count` bytes; waits by spinning.
    package func receive(
        _ bytes: UnsafeMutableRawBufferPointer,
        from rank: Int,
        _ tag: MessageTag
    ) throws(MPIError) {
        let status = cmpi_receive(bytes.baseAddress, Int64(bytes.count), Int32(rank), tag.rawValue, handle)
        try MPIError.check(status, "MPI_Recv")
    }

    /// Receives a message of at most `count` words; waits by spinning.
    package func receiveWords(_ count: Int, from rank: Int, _ tag: MessageTag) throws -> [Int32] {
        var words = [Int32](repeating: 0, count: count)
        try words.withUnsafeMutableBytes { try receive($0, from: rank, tag) }
        return words
    }

    /// Begins a receive; `bytes` must stay where it is until the message has come.
    package func startReceive(
        _ bytes: UnsafeMutableRawBufferPointer,
        from rank: Int,
        _ tag: MessageTag
    ) throws(MPIError) -> PendingMessage {
        let pending = PendingMessage()
        let status = cmpi_ireceive(
            bytes.baseAddress,
            Int64(bytes.count),
            Int32(rank),
            tag.rawValue,
            handle,
            &pending.request
        )
        try MPIError.check(status, "MPI_Irecv")
        return pending
    }

    /// Begins a send; `bytes` must stay as it is until the message is done.
    package func startSend(
        _ bytes: UnsafeRawBufferPointer,
        to rank: Int,
        _ tag: MessageTag
    ) throws(MPIError) -> PendingMessage {
        let pending = PendingMessage()
        let status = cmpi_isend(
            bytes.baseAddress,
            Int64(bytes.count),
            Int32(rank),
            tag.rawValue,
            handle,
            &pending.request
        )
        try MPIError.check(status, "MPI_Isend")
        return pending
    }

    /// Whether a message of this kind has arrived: from whom, and how many bytes long.
    package func arrived(_ tag: MessageTag) throws(MPIError) -> (source: Int, byteCount: Int)? {
        var found: Int32 = 0
        var source: Int32 = 0
        var count: Int64 = 0
        try MPIError.check(cmpi_probe_any(tag.rawValue, handle, &found, &source, &count), "MPI_Iprobe")
        return found != 0 ? (Int(source), Int(count)) : nil
    }
}

/// A send or receive that has begun.
package final class PendingMessage {
    fileprivate var request: OpaquePointer?

    /// The number of bytes once the message is through; `nil` before.
    ///
    /// Also moves other messages on.
    package func poll() throws(MPIError) -> Int? {
        var done: Int32 = 0
        var count: Int64 = 0
        try MPIError.check(cmpi_test(&request, &done, &count), "MPI_Test")
        return done != 0 ? Int(count) : nil
    }
}
