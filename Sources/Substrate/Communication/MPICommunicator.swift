internal import CMPI

/// A group of MPI processes.
///
/// Deliberately not `Sendable`. MPI runs at `MPI_THREAD_FUNNELED`, where only the thread that initialised
/// it may call it. Without `Sendable`, Swift 6 refuses to capture a communicator in a task or a thread's
/// closure or to pass it to an actor, so the rule is checked at compile time.
package final class MPICommunicator: Communicator {
    package let rank: Int
    package let size: Int
    package let meter = CommunicationMeter()
    let handle: OpaquePointer

    /// Takes ownership of `handle`.
    init(adopting handle: OpaquePointer) {
        self.handle = handle
        rank = Int(cmpi_rank(handle))
        size = Int(cmpi_size(handle))
    }

    deinit { cmpi_comm_free(handle) }

    /// The communicator of those that give the same colour, in the order of their ranks.
    ///
    /// Collective: every rank of this communicator must call it.
    package func split(colour: Int) throws(MPIError) -> MPICommunicator {
        guard let part = cmpi_split(handle, Int32(colour)) else {
            throw MPIError(call: "MPI_Comm_split", text: "no communicator for colour \(colour)")
        }
        return MPICommunicator(adopting: part)
    }

    package func share(byteCounts: [Int], copies: Int) -> SharedBlocks? {
        precondition(byteCounts.count == size, "\(byteCounts.count) blocks for \(size) ranks")
        return size > 1 ? SharedBlocks(self, byteCounts: byteCounts, copies: copies) : nil
    }

    package func allGather(_ all: UnsafeMutablePointer<Float>, _ layout: BlockLayout) throws(MPIError) {
        guard size > 1 else { return }
        try meter.measure(sending: Int(layout.counts[rank]) * 4 * (size - 1)) { () throws(MPIError) in
            try MPIError.check(cmpi_allgatherv_f32(all, layout.counts, layout.offsets, handle), "MPI_Allgatherv")
        }
    }

    package func exchange(
        _ send: UnsafePointer<Float>,
        _ sent: BlockLayout,
        into received: UnsafeMutablePointer<Float>,
        _ receivedLayout: BlockLayout
    ) throws(MPIError) {
        try meter.measure(sending: (sent.total - Int(sent.counts[rank])) * 4) { () throws(MPIError) in
            let status = cmpi_alltoallv_f32(
                send,
                sent.counts,
                sent.offsets,
                received,
                receivedLayout.counts,
                receivedLayout.offsets,
                handle
            )
            try MPIError.check(status, "MPI_Alltoallv")
        }
    }

    package func gather(
        _ mine: UnsafeRawPointer,
        into all: UnsafeMutableRawPointer,
        _ layout: BlockLayout
    ) throws(MPIError) {
        try meter.measure(sending: rank == 0 ? 0 : Int(layout.counts[rank])) { () throws(MPIError) in
            let status = cmpi_gatherv_bytes(mine, layout.counts[rank], all, layout.counts, layout.offsets, handle)
            try MPIError.check(status, "MPI_Gatherv")
        }
    }

    /// Every rank's value, in rank order.
    ///
    /// Collective.
    package func allGather(_ value: UInt64) throws(MPIError) -> [UInt64] {
        var mine = value
        var all = [UInt64](repeating: 0, count: size)
        try MPIError.check(cmpi_allgather_bytes(&mine, 8, &all, handle), "MPI_Allgather")
        return all
    }

    /// The ranks that give the same name of their host, in order, this one among them.
    ///
    /// Collective.
    package func ranksOfSameHost(_ name: String) throws(MPIError) -> [Int] {
        let digests = try allGather(Self.digest(name))
        return digests.indices.filter { digests[$0] == digests[rank] }
    }

    /// FNV-1a of a text, for comparing what ranks say.
    package static func digest(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
