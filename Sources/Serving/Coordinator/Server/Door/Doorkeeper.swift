internal import NIOCore

/// Decides who is let in: by descriptors, by port, by address.
///
/// Between the listening channels, of which it lets those rest that have no room, and the connections' handlers.
final class Doorkeeper: @unchecked Sendable {
    // Safe because everything that changes is touched on the one event loop only, which `check` asserts.
    let strangers: StrangerLog
    private let eventLoop: any EventLoop
    private let needsToken: Bool
    private var budget: ConnectionBudget
    private var guesses = GuessThrottle()
    private var gates: [(port: ConnectionBudget.Port, gate: AcceptGate)] = []
    private let started = NIODeadline.now()

    init(_ budget: ConnectionBudget, needsToken: Bool, strangers: StrangerLog, on eventLoop: any EventLoop) {
        self.budget = budget
        self.needsToken = needsToken
        self.strangers = strangers
        self.eventLoop = eventLoop
    }

    private var now: Duration { .nanoseconds((NIODeadline.now() - started).nanoseconds) }

    func add(_ gate: AcceptGate, _ port: ConnectionBudget.Port) {
        eventLoop.preconditionInEventLoop()
        gates.append((port, gate))
        attend()
    }

    // MARK: - Connections

    /// A connection has been accepted, and its address is known.
    ///
    /// - Returns: `nil` if it is served, or else why not.
    func admit(_ channel: any Channel, _ port: ConnectionBudget.Port) -> String? {
        eventLoop.preconditionInEventLoop()
        let peer = PeerAddress(channel.remoteAddress)
        var problem: String?
        let mustShow = port != .unix && needsToken
        if mustShow, let peer, !guesses.arrive(peer, now: now) {
            problem = "too many connections from \(peer) have not shown a token"
            budget.turnAway()
        } else if budget.admit(port) == .turnAway {
            problem = "\(budget.limit(port)) connections are open"
            if mustShow, let peer { guesses.leave(peer) }
        }
        let verdict: ConnectionBudget.Verdict = problem == nil ? .serve : .turnAway
        channel.closeFuture.assumeIsolated().whenComplete { [self] _ in
            budget.release(port, verdict)
            attend()
        }
        if let problem {
            strangers.note(.turnedAway, "turned a connection away", ["cause": "\(problem)"])
        }
        attend()
        return problem
    }

    /// A connection of `peer` has shown a right token, or is closed before that.
    func leave(_ peer: PeerAddress) { guesses.leave(peer) }

    /// Lets every listening channel accept, or rest, as there is room.
    private func attend() {
        for (port, gate) in gates { gate.isOpen = budget.mayAccept(port) }
    }

    // MARK: - Tokens

    /// How long a token from `peer` has to wait until it is looked at; `nil`: it is not.
    func wait(_ peer: PeerAddress) -> TimeAmount? {
        guesses.wait(peer, now: now).map { .nanoseconds(Int64($0 / .nanoseconds(1))) }
    }

    /// A token that was waited for was looked at.
    func note(_ peer: PeerAddress, wasRight: Bool) {
        if wasRight { return guesses.noteRight(peer) }
        strangers.note(.badToken, "a wrong token was shown", ["address": "\(peer)"])
    }
}
