internal import CMPI
internal import Glibc

/// A block of memory for each rank of a group on one host: written by that rank alone, read by all of them.
///
/// An exchange is a round: every rank writes its own block, calls `complete`, and reads the others' where they lie; there
/// is no copy and no system call. A rank may write for the next round while a slower one still reads, so each block
/// is there twice by default, and rounds take turns; one copy is enough where another round lies between the last
/// reading and the next writing.
///
/// Nothing of it has a name, so nothing stays behind, however the ranks end.
package final class SharedBlocks {
    private let handle: OpaquePointer
    private let rank: Int
    private let copyBytes: [Int]
    private let copies: Int
    private let meter: CommunicationMeter
    private var turn = 0

    /// The blocks, or `nil` on every rank: the ranks are on several hosts, or `FLOTILLA_SHARED_MEMORY` is `off` for one.
    ///
    /// Collective.
    ///
    /// - Parameter byteCounts: of each rank's block, the same list on every rank.
    init?(_ communicator: MPICommunicator, byteCounts: [Int], copies: Int) {
        // Whole cache lines, so that two turns never share one.
        let copyBytes = byteCounts.map { ($0 + 127) / 128 * 128 }
        let sizes = copyBytes.map { Int64($0 * copies) }
        let isWilling = communicator.size == 1 || Self.isWanted
        guard let handle = cmpi_share(communicator.handle, sizes, isWilling ? 1 : 0) else { return nil }
        self.handle = handle
        self.copyBytes = copyBytes
        self.copies = copies
        rank = communicator.rank
        meter = communicator.meter
    }

    deinit { cmpi_shared_free(handle) }

    private static var isWanted: Bool { getenv("FLOTILLA_SHARED_MEMORY").map { String(cString: $0) } != "off" }

    /// This rank's block for the round that comes.
    package var own: UnsafeMutableRawPointer { place(rank, turn) }

    /// Publishes this rank's block and waits for those of all others.
    ///
    /// Collective: every rank must complete the same rounds in the same order.
    ///
    /// - Parameter sending: the bytes that others will read of it, for the meter.
    package func complete(sending bytes: Int) {
        meter.measure(sending: bytes) { cmpi_shared_complete(handle) }
        turn = (turn + 1) % copies
    }

    /// A rank's block as of the round that was completed last; to be read before the next one is completed.
    package func completed(_ rank: Int) -> UnsafeMutableRawPointer { place(rank, (turn + copies - 1) % copies) }

    private func place(_ rank: Int, _ turn: Int) -> UnsafeMutableRawPointer {
        cmpi_shared_block(handle, Int32(rank)) + turn * copyBytes[rank]
    }
}
