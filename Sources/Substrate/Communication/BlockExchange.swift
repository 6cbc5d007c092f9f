internal import CMPI

/// Blocks from each rank to each other that travel while the caller computes.
///
/// One exchange at a time: `begin`, then `poll` as often as there is time, then `wait`. The buffers must stay as they are
/// until it is over.
package protocol BlockExchange: AnyObject {
    /// Collective: every rank begins the same exchanges in the same order, with layouts that fit each other.
    ///
    /// - Parameters:
    ///   - send: rank r gets the `sent.counts[r]` bytes at `sent.offsets[r]`.
    ///   - received: rank r's block comes to `receivedLayout.offsets[r]`; a rank's own blocks are not looked at.
    func begin(
        _ send: UnsafeRawPointer,
        _ sent: BlockLayout,
        into received: UnsafeMutableRawPointer,
        _ receivedLayout: BlockLayout
    ) throws(MPIError)

    /// Moves messages on, and says whether all are through.
    func poll() throws(MPIError) -> Bool

    /// Returns when all are.
    func wait() throws(MPIError)
}

/// One message a pair of ranks; blocks without a byte are none.
final class MPIBlockExchange: BlockExchange {
    private let communicator: MPICommunicator
    private let handle: OpaquePointer
    private let tag: Int32
    private var isUnderWay = false

    /// - Parameter tag: no other exchange of the communicator that may be under way at the same time has it.
    init(_ communicator: MPICommunicator, tag: Int32) {
        self.communicator = communicator
        self.tag = tag
        handle = cmpi_exchange_create(communicator.handle)
    }

    deinit { cmpi_exchange_free(handle) }

    func begin(
        _ send: UnsafeRawPointer,
        _ sent: BlockLayout,
        into received: UnsafeMutableRawPointer,
        _ receivedLayout: BlockLayout
    ) throws(MPIError) {
        precondition(!isUnderWay, "an exchange was begun before the last one was over")
        let bytes = sent.total - Int(sent.counts[communicator.rank])
        try communicator.meter.measure(sending: bytes) { () throws(MPIError) in
            let status = cmpi_exchange_begin(
                handle,
                send,
                sent.counts,
                sent.offsets,
                received,
                receivedLayout.counts,
                receivedLayout.offsets,
                tag
            )
            try MPIError.check(status, "MPI_Isend")
        }
        isUnderWay = true
    }

    func poll() throws(MPIError) -> Bool {
        guard isUnderWay else { return true }
        var done: Int32 = 0
        try MPIError.check(cmpi_exchange_test(handle, &done), "MPI_Testall")
        isUnderWay = done == 0
        return done != 0
    }

    func wait() throws(MPIError) {
        guard isUnderWay else { return }
        try communicator.meter.measure(sending: 0) { () throws(MPIError) in
            try MPIError.check(cmpi_exchange_wait(handle), "MPI_Waitall")
        }
        isUnderWay = false
    }
}
