internal import Diagnostics
internal import HeapModule
package import Requests
package import Tokenization

/// What serving is, without doing any of it: requests, their line, the groups that work on them, and their loss.
///
/// What happens goes in, with the time; what is to be done comes out, and nothing is done before `handle` has returned,
/// so that nothing can come back while something changes. No I/O, no clock, no threads: a million inputs are a test of
/// some seconds. `flotilla serve` and `flotilla generate` are two shells around it.
///
/// ```
/// asked ─▶ preparing ─▶ in line ─▶ with a group ─▶ ended
///                          ▲            │ group lost
///                          └────────────┘
/// ```
package struct ServingCore: ~Copyable {
    /// A request that is being made ready.
    struct Preparing {
        let owner: Owner
        let arrived: Duration
        var isCancelled = false
    }

    /// A request's deadline; those of requests that have ended are passed over.
    struct Deadline: Comparable {
        let time: Duration
        let ticket: Ticket

        static func < (a: Deadline, b: Deadline) -> Bool { (a.time, a.ticket) < (b.time, b.ticket) }
    }

    let limits: CoreLimits
    let tokenizer: Tokenizer
    /// Of the input that is being handled.
    var now = Duration.zero
    var actions: [CoreAction] = []

    var preparing: [Ticket: Preparing] = [:]
    var requests: [Ticket: ServedRequest] = [:]
    var line = FairQueue()
    /// Requests that wait for another's prompt to be read, by that other.
    var followers: [Ticket: [Ticket]] = [:]
    var nextOrder = 0
    var deadlines = Heap<Deadline>()
    /// Bytes of the pictures of all requests that have been accepted.
    package internal(set) var pictureBytes = 0
    package internal(set) var pictures: PictureStore
    /// Pictures that no rank could read, with what was said of them: the same bytes need not be tried again.
    var badPictures = LeastRecentlyUsed<String, RankFailure>(limit: 1024)
    var slots: [GroupSlot]
    var statistics = Statistics()

    /// Whether the model has been loaded once: from then on requests are taken while a group is started again.
    var hasBeenReady = false
    var isDraining = false
    var drainDeadline: Duration?
    var end: CoreEnd?
    var hasConcluded = false

    /// - Parameter policies: when and how each slot's group is started again; one slot a policy.
    package init(_ limits: CoreLimits, tokenizer: Tokenizer, policies: [RestartPolicy]) {
        self.limits = limits
        self.tokenizer = tokenizer
        pictures = PictureStore(limit: limits.pictureBytes)
        slots = policies.map { GroupSlot(policy: $0, visualCacheBytes: limits.visualCacheBytes) }
    }

    /// Takes one input in.
    ///
    /// - Parameter now: of a monotonic clock; never less than before.
    /// - Returns: what is to be done, in this order.
    package mutating func handle(_ input: CoreInput, now: Duration) -> [CoreAction] {
        self.now = now
        take(input)
        settle()
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    private mutating func take(_ input: CoreInput) {
        switch input {
        case .began: for slot in slots.indices { startGroup(slot) }
        case .asked(let ticket, let owner): ask(ticket, owner)
        case .prepared(let ticket, let preparation): admit(ticket, .success(preparation))
        case .unprepared(let ticket, let error): admit(ticket, .failure(error))
        case .cancelled(let ticket): cancel(ticket)
        case .abandoned(let ticket): abandon(ticket)
        case .tick: tick()
        case .group(let slot, let generation, let news):
            if slots[slot].generation == generation { take(news, slot) }
        case .surveyed(let slot, let survey): restartGroup(slot, survey)
        case .drain(let limit): drain(within: limit)
        case .stop(let end): stopAtOnce(end)
        }
    }

    /// What follows from what has changed: requests to groups with room, and the end of a drained core.
    private mutating func settle() {
        dispatch()
        if isDraining, requests.isEmpty, preparing.isEmpty, end == nil { stopServing(.done) }
    }

    // MARK: - What a shell asks

    /// What the server can do at the moment.
    package var state: GroupState {
        if isDraining { return .draining }
        guard slots.contains(where: { $0.phase == .ready }) else { return .loading }
        return slots.contains { $0.policy.isDegraded || $0.phase != .ready } ? .degraded : .ready
    }

    /// Whether requests are taken, and worked on at once.
    package var isHealthy: Bool { !isDraining && slots.contains { $0.phase == .ready } }

    /// When a `tick` is wanted next, besides the one each second; `nil`: no time is waited for.
    package mutating func nextWake() -> Duration? {
        while let first = deadlines.min, requests[first.ticket] == nil { deadlines.removeMin() }
        return [deadlines.min?.time, drainDeadline, slots.compactMap(\.restartAt).min()].compactMap { $0 }.min()
    }

    /// Requests that have been asked for and not ended.
    package var inFlight: Int { requests.count + preparing.count }

    mutating func log(_ level: LogEntry.Level, _ message: String, _ details: [(name: String, value: String)] = []) {
        actions.append(.log(LogEntry(level, message, details)))
    }
}
