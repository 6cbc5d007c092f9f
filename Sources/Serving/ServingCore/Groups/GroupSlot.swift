internal import Requests

/// A place for a group of ranks: the one that is there, what it holds, and when the next one is started.
struct GroupSlot: Sendable {
    var phase = GroupPhase.empty
    /// Of the group that is there, or was last.
    var generation = 0
    var readySince: Duration?
    /// When the next group is to be started; the hosts are asked first.
    var restartAt: Duration?
    var policy: RestartPolicy
    var ranks = RankTable()
    var load = LeaderLoad()
    var visualTokens: VisualTokenCache
    /// The pages that the group's prefix cache has, as its leader last said.
    var knownPages: Set<PageKey> = []
    /// The requests that the group has; and the one among them that has it for itself, being under suspicion.
    private(set) var tickets: Set<Ticket> = []
    private(set) var trial: Ticket?
    /// When something was last heard that tells of work.
    var lastNews = Duration.zero
    /// Whether the group was ended from here because it said nothing.
    var isHung = false
    /// Whether it was lost so often that only another group keeps the server; until one is ready here again.
    var hasGivenUp = false
    var figures = GroupFigures()

    init(policy: RestartPolicy, visualCacheBytes: Int) {
        self.policy = policy
        visualTokens = VisualTokenCache(limit: visualCacheBytes)
    }

    /// Whether a group is likely to be ready before long.
    var isComing: Bool { !hasGivenUp && (phase == .loading || phase == .waiting) }

    /// Whether a group is there, which says `ended` one day.
    var hasGroup: Bool { phase == .loading || phase == .ready }

    mutating func take(_ ticket: Ticket, onTrial: Bool) {
        tickets.insert(ticket)
        if onTrial { trial = ticket }
    }

    mutating func release(_ ticket: Ticket) {
        tickets.remove(ticket)
        acquit(ticket)
    }

    /// The request on trial has shown that ranks live with it.
    mutating func acquit(_ ticket: Ticket) {
        if trial == ticket { trial = nil }
    }

    /// The group is gone, and all that it had.
    mutating func clear() {
        phase = .empty
        readySince = nil
        ranks.clear()
        load = LeaderLoad()
        visualTokens.reset()
        knownPages = []
        tickets = []
        trial = nil
        isHung = false
    }
}
