internal import CMPI

/// A group of MPI processes.
///
/// Deliberately not `Sendable`. MPI runs at `MPI_THREAD_FUNNELED`, where only the thread that initialised
/// it may call it. Without `Sendable`, Swift 6 refuses to capture a communicator in a task or a thread's
/// closure or to pass it to an actor, so the rule is checked at compile time.
package final class MPICommunicator: Communicator {
    package let rank: Int
    package let size: Int
    package let meter: CommunicationMeter
    let handle: OpaquePointer
    private var lastExchangeTag: Int32 = 16
    private var gathering: (any BlockExchange)?
    private var gathered: BlockLayout
    private var sent: BlockLayout

    /// Takes ownership of `handle`.
    init(adopting handle: OpaquePointer, meter: CommunicationMeter = CommunicationMeter()) {
        (self.handle, self.meter) = (handle, meter)
        rank = Int(cmpi_rank(handle))
        size = Int(cmpi_size(handle))
        gathered = BlockLayout(counts: Array(repeating: 0, count: size))
        sent = gathered
    }

    deinit { cmpi_comm_free(handle) }

    /// The communicator of those that give the same colour, in the order of their ranks.
    ///
    /// Collective: every rank of this communicator must call it.
    ///
    /// - Parameter meter: counts what its calls cost; by default one of its own.
    package func split(
        colour: Int,
        meter: CommunicationMeter = CommunicationMeter()
    ) throws(MPIError) -> MPICommunicator {
        guard let part = cmpi_split(handle, Int32(colour)) else {
            throw MPIError(call: "MPI_Comm_split", text: "no communicator for colour \(colour)")
        }
        return MPICommunicator(adopting: part, meter: meter)
    }

    package func share(byteCounts: [Int], copies: Int) -> SharedBlocks? {
        precondition(byteCounts.count == size, "\(byteCounts.count) blocks for \(size) ranks")
        return SharedBlocks(self, byteCounts: byteCounts, copies: copies)
    }

    package func agree(_ yes: Bool) -> Bool {
        (try? allGather(yes ? 1 : 0))?.allSatisfy { $0 == 1 } ?? false
    }

    package func blockExchange() -> any BlockExchange {
        lastExchangeTag += 1
        return MPIBlockExchange(self, tag: lastExchangeTag)
    }

    /// For every rank, the least rank on its machine.
    ///
    /// Collective.
    func hosts() throws(MPIError) -> [Int] {
        var hosts = [Int32](repeating: 0, count: size)
        try MPIError.check(cmpi_hosts(handle, &hosts), "MPI_Allgather")
        return hosts.map(Int.init)
    }

    package func allGather(_ all: UnsafeMutablePointer<Float>, _ layout: BlockLayout) throws(MPIError) {
        guard size > 1 else { return }
        let exchange = gathering ?? blockExchange()
        gathering = exchange
        let (count, offset) = (Int(layout.counts[rank]) * 4, Int(layout.offsets[rank]) * 4)
        gathered.update { Int(layout.counts[$0]) * 4 }
        sent.update { _ in count }
        sent.repeatOffset(offset)
        try exchange.begin(all, sent, into: all, gathered)
        try exchange.wait()
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
