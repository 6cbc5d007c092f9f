/// The collectives a sharded decoder needs.
///
/// Every rank of the group must make the same calls, in the same order, with the same layouts.
/// Sums are not among them: MPI does not promise the order of its additions, and ours is fixed
/// (see `ReductionTree`), so ranks exchange partial sums and add them up themselves.
package protocol Communicator: AnyObject {
    /// This process's place in the group, `0..<size`.
    var rank: Int { get }
    var size: Int { get }
    /// What the calls below have cost so far.
    var meter: CommunicationMeter { get }

    /// Memory that all ranks of the group see, for exchanges without messages; `nil`, on every rank, where there is none.
    ///
    /// Collective, at the start: the exchanges themselves are rounds of the blocks.
    ///
    /// - Parameters:
    ///   - byteCounts: of each rank's block.
    ///   - copies: see `SharedBlocks`.
    func share(byteCounts: [Int], copies: Int) -> SharedBlocks?

    /// Completes `all` on every rank: `layout.counts[r]` floats of rank r at `layout.offsets[r]`; one's own are in place.
    func allGather(_ all: UnsafeMutablePointer<Float>, _ layout: BlockLayout) throws(MPIError)

    /// A way to exchange blocks between all ranks that need not be waited for.
    ///
    /// Collective: every rank asks for the same ones in the same order.
    func blockExchange() -> any BlockExchange

    /// How the ranks reach each other.
    ///
    /// Collective: every rank asks at the same point of its work.
    func fabric() throws(MPIError) -> RankFabric

    /// Whether every rank says yes.
    ///
    /// Collective.
    func agree(_ yes: Bool) -> Bool

    /// On rank 0, collects `layout.counts[r]` bytes of rank r at `layout.offsets[r]`.
    func gather(
        _ mine: UnsafeRawPointer,
        into all: UnsafeMutableRawPointer,
        _ layout: BlockLayout
    ) throws(MPIError)
}

extension Communicator {
    package func share(byteCounts: [Int], copies: Int) -> SharedBlocks? { nil }
    package func fabric() -> RankFabric { RankFabric(apart: self) }
    package func share(byteCounts: [Int]) -> SharedBlocks? { share(byteCounts: byteCounts, copies: 2) }
}

/// Where each rank's block lies in a buffer, in elements (or bytes, for `gather`).
package struct BlockLayout: Sendable, Equatable {
    package private(set) var counts: [Int32]
    package private(set) var offsets: [Int32]
    package private(set) var total: Int

    /// Blocks one after the other.
    package init(counts: [Int]) {
        self.counts = counts.map(Int32.init)
        offsets = []
        total = 0
        for count in counts {
            offsets.append(Int32(total))
            total += count
        }
    }

    /// Replaces the counts, without an allocation when the number of ranks stays.
    package mutating func update(_ count: (Int) -> Int) {
        total = 0
        for rank in counts.indices {
            let value = count(rank)
            counts[rank] = Int32(value)
            offsets[rank] = Int32(total)
            total += value
        }
    }

    /// Every rank's block begins at the same place, as when all get the same.
    package mutating func repeatOffset(_ offset: Int) {
        for rank in offsets.indices { offsets[rank] = Int32(offset) }
    }
}
