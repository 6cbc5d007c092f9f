internal import CMPI

/// Messages from rank 0 to every other rank, one after the other, along a ``BroadcastTree``.
///
/// Who waits for one polls, and may sleep in between; neither sending nor receiving allocates. Messages may be of any length
/// up to the room that is given for them.
package final class MPIBroadcast {
    private let communicator: MPICommunicator
    private let handle: OpaquePointer
    private let childCount: Int
    private var place = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// Messages that this rank has sent so far.
    package private(set) var sentMessages = 0

    /// - Parameter tag: of these messages alone.
    package init(_ communicator: MPICommunicator, _ tag: MessageTag) {
        self.communicator = communicator
        let tree = BroadcastTree(rank: communicator.rank, of: communicator.size)
        childCount = tree.children.count
        handle = cmpi_broadcast_create(
            communicator.handle,
            Int32(tree.parent ?? -1),
            tree.children.map(Int32.init),
            Int32(childCount),
            tag.rawValue
        )
    }

    deinit { cmpi_broadcast_free(handle) }

    /// On rank 0: sends, and returns when the bytes may change.
    package func send(_ bytes: UnsafeRawBufferPointer) throws(MPIError) {
        guard childCount > 0 else { return }
        try communicator.meter.measure(sending: childCount * bytes.count) { () throws(MPIError) in
            let status = cmpi_broadcast_send(handle, bytes.baseAddress, Int64(bytes.count))
            try MPIError.check(status, "MPI_Isend")
        }
        sentMessages += childCount
    }

    /// On the other ranks: begins to receive the next message, for which `bytes` must stay where they are.
    package func begin(into bytes: UnsafeMutableRawBufferPointer) throws(MPIError) {
        place = bytes
        try MPIError.check(cmpi_broadcast_receive(handle, bytes.baseAddress, Int64(bytes.count)), "MPI_Irecv")
    }

    /// The number of bytes once the message has come, and has been passed on; `nil` before.
    ///
    /// Also moves other messages on.
    package func poll() throws(MPIError) -> Int? {
        var done: Int32 = 0
        var count: Int64 = 0
        try MPIError.check(cmpi_broadcast_test(handle, &done, &count), "MPI_Test")
        guard done != 0 else { return nil }
        // Before this rank does anything else: those below it must not wait for what it does next.
        try send(UnsafeRawBufferPointer(rebasing: place[..<Int(count)]))
        return Int(count)
    }
}
