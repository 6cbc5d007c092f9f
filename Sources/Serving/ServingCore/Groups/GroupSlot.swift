internal import Requests

/// A place for a group of ranks: the one that is there, what it holds, and when the next one is started.
struct GroupSlot: Sendable {
    var phase = GroupPhase.empty
    /// Of the group that is there, or was last.
    var generation = 0
    var readySince: Duration?
    /// When the hosts are asked for the next group, and before when it is not started.
    var restartAt: Duration?
    var notBefore = Duration.zero
    /// What the hosts said, while it is too early for the start.
    var survey: CoreInput.HostSurvey?
    var policy: RestartPolicy
    var regrowth: Regrowth
    /// Whether the group that is there makes room for a larger one; it is not heard any more.
    var isMakingRoom = false
    /// The hosts that the group does without, those of them that it is not started on for a while though they answer, and
    /// how many it has ranks on.
    var missing: Set<String> = []
    var shunned: Set<String> = []
    var usedHosts = 0
    var visionRanks: Int
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
    /// Why it was ended from here before it was ready.
    var misfit: OtherComputationError?
    /// Whether it was lost so often that only another group keeps the server; until one is ready here again.
    var hasGivenUp = false
    var figures = GroupFigures()

    init(policy: RestartPolicy, _ limits: CoreLimits) {
        self.policy = policy
        visionRanks = limits.visionRanks
        visualTokens = VisualTokenCache(limit: limits.visualCacheBytes)
        var growth = Regrowth.Limits()
        growth.patience = limits.growPatience
        regrowth = Regrowth(limits: growth)
    }

    /// Whether a group is likely to be ready before long.
    var isComing: Bool { !hasGivenUp && (phase == .loading || phase == .waiting) }

    /// Whether the group has fewer ranks or hosts than it was to have.
    var isSmall: Bool { !missing.isEmpty || policy.isDegraded }

    /// When hosts are asked next whether the group may grow.
    var askAt: Duration? { regrowth.isAsking || isHung ? nil : regrowth.askAt }

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
        misfit = nil
        isMakingRoom = false
    }
}
