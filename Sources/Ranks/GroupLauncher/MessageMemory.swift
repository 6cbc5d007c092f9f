import Foundation

/// Where Open MPI keeps what the ranks of one host share: the messages between them, and who they are.
///
/// It writes to these files as to memory, so that a full file system kills ranks by SIGBUS, or lets them wait for ever. So the
/// room is asked for beforehand.
package enum MessageMemory {
    /// Where it is kept by default.
    package static let directory = "/dev/shm"
    /// What the ranks must know of each other (two segments of PMIx), and some room for growth.
    private static let knowledgeBytes = 10 << 20
    /// Messages of one rank: `btl_vader_segment_size`, 4 MiB, and what it has to say about itself.
    private static let rankBytes = 4_400_000

    /// Bytes that `ranks` ranks on one host need.
    package static func bytes(ranks: Int) -> Int { knowledgeBytes + ranks * rankBytes }

    /// What a launch does about it.
    struct Choice: Equatable {
        /// The directory to use; `nil` leaves the choice to Open MPI.
        var parent: String?
        /// Whether messages go through shared memory, or over the loopback interface.
        var isShared = true
        /// What the operator should know.
        var warning: String?
    }

    /// The first of `parents` that has the room; without any, messages go over the loopback interface.
    static func choose(
        ranks: Int,
        parents: [String],
        free: (String) -> Int? = GroupScratch.freeBytes
    ) -> Choice {
        let needed = bytes(ranks: ranks)
        let room = parents.map { free($0) ?? 0 }
        let mebibytes = { (bytes: Int) in String(format: "%.1f MiB", Double(bytes) / 1_048_576) }
        let found = room.firstIndex { $0 >= needed }
        if found == 0 { return Choice(parent: parents[0]) }
        let lack =
            "\(parents[0]) has \(mebibytes(room[0])) free, and Open MPI needs \(mebibytes(needed)) for \(ranks) ranks"
        let hint = "give it more room, as with docker run --shm-size=\(needed >> 20 + 1)m"
        if let found {
            return Choice(
                parent: parents[found],
                warning: "\(lack): it uses \(parents[found]), which may be slower; \(hint)"
            )
        }
        let fallback = room.firstIndex { $0 >= knowledgeBytes }
        return Choice(
            parent: fallback.map { parents[$0] },
            isShared: false,
            warning: "\(lack): its messages go over the loopback interface, which is slower; \(hint)"
        )
    }

    /// What is wrong with this host's shared memory for `ranks` ranks, if anything.
    package static func warning(
        ranks: Int,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String? {
        choose(ranks: ranks, parents: [directory, GroupScratch.temporaryDirectory(environment)]).warning
    }

    /// Bytes that are free where it is kept by default; `nil` if nobody knows, or there is no limit.
    package static var freeBytes: Int? { GroupScratch.freeBytes(directory).flatMap { $0 == .max ? nil : $0 } }
}
