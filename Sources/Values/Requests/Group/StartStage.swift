/// What a rank does between its hello and its readiness, in this order.
package enum StartStage: String, Codable, Sendable, CaseIterable, Comparable {
    /// Opens the checkpoint.
    case opening
    /// Is in `MPI_Init`, which returns when every rank has come there.
    case initialising
    /// Exchanges a first message with each other rank.
    case meeting
    /// Loads its shard.
    case loading
    case ready

    package static func < (one: StartStage, other: StartStage) -> Bool { one.order < other.order }

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
