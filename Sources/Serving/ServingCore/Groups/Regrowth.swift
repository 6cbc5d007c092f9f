/// When a group that is smaller than it could be is started anew, to grow back: a pure value of one slot.
///
/// Missing hosts are asked again and again, with more and more time between. Once they answer, the group makes room for a
/// larger one at the next quiet moment, or after a minute at the latest; they are asked a last time just before. A larger
/// group that cannot be loaded is an attempt that failed: the size from before comes back, and the next attempt is later.
package struct Regrowth: Sendable {
    package struct Limits: Sendable {
        /// Between two questions to missing hosts, first and at last.
        package var firstAsk = Duration.seconds(2)
        package var longestAsk = Duration.seconds(15)
        /// How long a quiet moment is waited for, once hosts have answered.
        package var patience = Duration.seconds(60)
        /// From a failure of a larger group until the next attempt; twice as long after each more.
        package var firstRest = Duration.seconds(60)
        package var longestRest = Duration.seconds(1800)
        /// When a larger group lived shorter, hosts come and go: they are asked less often from the beginning.
        package var wellAfter = Duration.seconds(30)

        package init() {}
    }

    /// What a group was before it was made larger.
    package struct Before: Sendable, Equatable {
        package var decoderRanks: Int
        /// The hosts that it had to do without.
        package var missing: Set<String>
    }

    private let limits: Limits
    /// When hosts are asked next; `nil`: there is nothing to gain.
    private(set) var askAt: Duration?
    private(set) var isAsking = false
    private var wait: Duration
    /// Hosts have answered: when the group grows even though it has work.
    private(set) var growBy: Duration?
    /// Before the attempt under way.
    private var before: Before?
    private var failures = 0
    private var isUnsteady = false
    private var restUntil = Duration.zero

    package init(limits: Limits = Limits()) {
        self.limits = limits
        wait = limits.firstAsk
    }

    /// Whether a larger group has failed lately.
    package func isResting(_ now: Duration) -> Bool { now < restUntil }

    /// A group is ready that could be larger: for want of hosts, or because larger ones could not be loaded.
    package mutating func begin(isForHosts: Bool, now: Duration) {
        wait = isUnsteady ? limits.longestAsk : limits.firstAsk
        askAt = max(restUntil, now + (isForHosts ? wait : limits.firstRest))
    }

    /// There is no group any more that could grow, or nothing to gain.
    package mutating func end() {
        askAt = nil
        growBy = nil
        isAsking = false
    }

    /// Whether hosts are to be asked now; the answer is expected then.
    package mutating func wantsToAsk(isQuiet: Bool, now: Duration) -> Bool {
        guard !isAsking, let askAt, askAt <= now || (growBy != nil && isQuiet) else { return false }
        isAsking = true
        return true
    }

    /// The hosts have been asked.
    ///
    /// - Returns: whether the group is to make room for a larger one now.
    package mutating func note(canGrow: Bool, isQuiet: Bool, now: Duration) -> Bool {
        guard isAsking else { return false }
        isAsking = false
        guard canGrow else {
            growBy = nil
            wait = min(wait * 2, limits.longestAsk)
            askAt = now + wait
            return false
        }
        let limit = growBy ?? now + limits.patience
        growBy = limit
        askAt = limit
        return isQuiet || now >= limit
    }

    /// A larger group is started.
    package mutating func attempt(from before: Before) {
        end()
        self.before = before
    }

    /// The group was lost.
    ///
    /// - Parameter lived: since it was ready; `nil` if it never was.
    /// - Returns: what to go back to, if that was an attempt that failed.
    package mutating func lost(lived: Duration?, now: Duration) -> Before? {
        end()
        defer { before = nil }
        if let lived {
            failures = 0
            isUnsteady = before != nil && lived < limits.wellAfter
            return nil
        }
        guard let before else { return nil }
        restUntil = now + limits.firstRest.doubled(failures, upTo: limits.longestRest)
        failures += 1
        return before
    }
}
