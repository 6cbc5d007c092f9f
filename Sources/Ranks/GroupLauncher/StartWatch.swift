internal import Requests

/// How far the ranks of a group have come on their way from the hello to readiness, and how long that may take: a pure value.
///
/// Every wait has an end. A rank that opens the checkpoint or loads makes progress within one limit, counted for each
/// rank from its last news; `MPI_Init`, and then the first message between each two ranks, have limits that count from
/// the moment at which nobody has an excuse any more: when the last rank has begun.
struct StartWatch {
    /// What a rank tells of its start.
    enum News: Equatable {
        case stage(StartStage)
        case met([Int])
        case progress(done: Int, total: Int)
    }

    private struct Rank {
        var stage = StartStage.opening
        /// When it was last heard of.
        var since: Duration
        var met: Set<Int> = []
        var parts: StartFailure.Parts?
    }

    private let limits: GroupSpec.Limits
    private var ranks: [Rank]
    /// When the last rank has come to a stage.
    private var reached: [StartStage: Duration]

    init(ranks count: Int, limits: GroupSpec.Limits, now: Duration) {
        self.limits = limits
        ranks = Array(repeating: Rank(since: now), count: count)
        reached = [.opening: now]
    }

    /// The last rank has said hello: from now on the time counts.
    mutating func begin(_ now: Duration) {
        for rank in ranks.indices { ranks[rank].since = now }
        for stage in reached.keys { reached[stage] = now }
    }

    mutating func note(_ news: News, of rank: Int, now: Duration) {
        guard ranks.indices.contains(rank) else { return }
        ranks[rank].since = now
        switch news {
        case .stage(let stage): advance(rank, to: stage, now)
        case .met(let others):
            ranks[rank].met.formUnion(others.filter { ranks.indices.contains($0) && $0 != rank })
            advance(rank, to: ranks[rank].met.count == ranks.count - 1 ? .loading : .meeting, now)
        case .progress(let done, let total):
            ranks[rank].parts = StartFailure.Parts(done: done, total: total)
            advance(rank, to: .loading, now)
        }
    }

    /// Nobody goes back.
    private mutating func advance(_ rank: Int, to stage: StartStage, _ now: Duration) {
        ranks[rank].stage = max(ranks[rank].stage, stage)
        for stage in StartStage.allCases where reached[stage] == nil && slowest >= stage { reached[stage] = now }
    }

    private var slowest: StartStage { ranks.map(\.stage).min() ?? .ready }

    /// Whether all ranks have come to MPI, and not yet heard of each other.
    var isMeeting: Bool { slowest == .initialising || slowest == .meeting }

    /// When the start has failed unless something happens before; `nil` once every rank is ready.
    var deadline: Duration? {
        switch slowest {
        case .initialising: reached[.initialising].map { $0 + limits.initialising }
        case .meeting: reached[.meeting].map { $0 + limits.handshake }
        case .opening, .loading: slow.map { since($0) + limits.loading }.min()
        case .ready: nil
        }
    }

    /// The ranks from which progress is expected now.
    private var slow: [Int] { ranks.indices.filter { ranks[$0].stage == slowest } }

    /// From when a rank's progress is expected: it may have waited for others before.
    private func since(_ rank: Int) -> Duration { max(ranks[rank].since, reached[ranks[rank].stage] ?? .zero) }

    /// Why the start has failed, if it has.
    func failure(now: Duration) -> StartFailure? {
        guard let deadline, deadline <= now else { return nil }
        switch slowest {
        case .opening, .loading:
            let rank = slow.min { since($0) < since($1) } ?? 0
            let isOpening = slowest == .opening
            return .noProgress(rank: rank, isOpening: isOpening, parts: ranks[rank].parts, limits.loading)
        case .initialising: return .notInitialised(ranks: slow, limits.initialising)
        case .meeting: return .strangers(strangers, limits.handshake)
        case .ready: return nil
        }
    }

    /// The pairs of ranks of which one has not heard the other, the smaller number first.
    var strangers: [StartFailure.Pair] {
        ranks.indices.flatMap { one in
            ranks.indices.dropFirst(one + 1).filter { !hasHeard(one, $0) || !hasHeard($0, one) }
                .map { StartFailure.Pair(one, $0) }
        }
    }

    private func hasHeard(_ rank: Int, _ other: Int) -> Bool {
        ranks[rank].stage > .meeting || ranks[rank].met.contains(other)
    }
}
