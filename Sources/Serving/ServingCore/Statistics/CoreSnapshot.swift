package import Requests

/// How the core stands at a moment, for those who watch.
package struct CoreSnapshot: Sendable {
    package struct Group: Sendable {
        package var generation: Int
        package var decoderRanks: Int
        package var askedDecoderRanks: Int
        package var visionRanks: Int
        /// Hosts that it does without, in order.
        package var missingHosts: [String]
        package var phase: GroupPhase
        /// Requests that it has.
        package var running: Int
        package var figures: GroupFigures
        /// Since it is ready.
        package var age: Duration
        package var ranks: [RankTable.Rank]
        /// Parts of the model that its ranks have loaded.
        package var loading: (done: Int, total: Int)
        package var load: LeaderLoad
        package var imageBytes: Int
        package var imageHits: Int
        package var imageMisses: Int

        package var isReady: Bool { phase == .ready }
    }

    package var state: GroupState
    package var isHealthy: Bool
    /// Requests on which ranks work, and those that wait, being in line or made ready.
    package var running: Int
    package var waiting: Int
    package var statistics: Statistics
    package var groups: [Group]
}

extension ServingCore {
    package func snapshot(now: Duration) -> CoreSnapshot {
        let running = slots.reduce(0) { $0 + $1.tickets.count }
        return CoreSnapshot(
            state: state,
            isHealthy: isHealthy,
            running: running,
            waiting: inFlight - running,
            statistics: statistics,
            groups: slots.map { slot in
                CoreSnapshot.Group(
                    generation: slot.generation,
                    decoderRanks: slot.policy.decoderRanks,
                    askedDecoderRanks: slot.policy.asked,
                    visionRanks: slot.visionRanks,
                    missingHosts: slot.missing.sorted(),
                    phase: slot.phase,
                    running: slot.tickets.count,
                    figures: slot.figures,
                    age: slot.readySince.map { now - $0 } ?? .zero,
                    ranks: slot.ranks.inOrder,
                    loading: slot.ranks.loading,
                    load: slot.load,
                    imageBytes: slot.visualTokens.byteCount,
                    imageHits: slot.visualTokens.hits,
                    imageMisses: slot.visualTokens.misses
                )
            }
        )
    }

    /// An error that was not of a request, such as a line that cannot be read.
    package mutating func noteError(_ code: ErrorCode) { statistics.noteError(code) }

    /// Ranks of all groups, as they are or will be next.
    package var decoderRanks: Int { slots.reduce(0) { $0 + $1.policy.decoderRanks } }
    package var visionRanks: Int { slots.reduce(0) { $0 + $1.visionRanks } }
}
