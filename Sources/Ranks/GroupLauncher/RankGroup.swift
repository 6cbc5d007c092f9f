package import Foundation
package import GroupLink
package import Requests
import Synchronization

/// A running group of ranks, as the process in front sees it: start it, hear and tell it, end it.
///
/// ```swift
/// let group = try RankGroup.start(spec)
/// SignalWatch.start([SIGINT, SIGTERM]) { signal in interruptedBy = signal; group.finish() }
/// while true {
///     switch group.nextEvent() {
///     case .formed: …
///     case .report(let rank, .tokens(let id, let ids), _): …
///     case .ended(let end):
///         if let interruptedBy { SignalWatch.endProcess(by: interruptedBy) }
///         if let error = end.error { throw error } else { return }
///     }
/// }
/// ```
///
/// Whatever happens, one `ended` event comes, and then no process of the group is left on this machine; ranks on
/// others end by themselves, because their links do. If this process is killed, `mpirun` gets SIGTERM from the kernel
/// and every rank the end of its link.
package final class RankGroup: Sendable {
    private let server: LinkServer
    /// `nil` for a group that something else starts.
    private let launcher: MpirunProcess?
    private let inbox: EventQueue<SupervisorInput>
    private let events = EventQueue<GroupEvent>()
    private let end = Latch<GroupEnd>()
    private let worldSize: Int

    /// Listens, starts `mpirun`, and returns: the ranks' hellos come as events.
    ///
    /// - Throws: ``LaunchError`` if `mpirun` cannot be started, ``LinkError`` if nothing can listen for the ranks.
    package static func start(_ spec: GroupSpec) throws -> RankGroup {
        let inbox = EventQueue<SupervisorInput>()
        let secret = try spec.secret ?? LinkSecret.random()
        let place = try LinkPlace.choose(for: spec)
        let server = try listen(for: spec, at: place, secret, inbox)
        var spec = spec
        spec.daemonNetwork = place.network
        let output = spec.onOutput.map(OutputForwarder.init)
        do {
            let launcher = try MpirunProcess.start(
                spec,
                addresses: server.addresses,
                secret: secret,
                onLine: { output?.push($0) },
                onEnd: { end in
                    inbox.push(.launcherEnded(end))
                    output?.finish()
                }
            )
            let group = RankGroup(server, launcher, inbox, worldSize: spec.worldSize)
            if let warning = launcher.warning { group.events.push(.note(warning)) }
            group.supervise(limits: spec.limits)
            return group
        } catch {
            server.close()
            output?.finish()
            throw error
        }
    }

    /// Listens for ranks that something else starts, with `spec.secret`; they may take as long as they like to come.
    ///
    /// - Throws: ``LinkError`` if nothing can listen for the ranks.
    package static func attach(_ spec: GroupSpec) throws -> RankGroup {
        guard let secret = spec.secret else { preconditionFailure("a group to attach has no secret") }
        let inbox = EventQueue<SupervisorInput>()
        let server = try listen(for: spec, at: LinkPlace.choose(for: spec), secret, inbox)
        let group = RankGroup(server, nil, inbox, worldSize: spec.worldSize)
        var limits = spec.limits
        limits.forming = .seconds(86_400 * 365)
        group.supervise(limits: limits)
        return group
    }

    private static func listen(
        for spec: GroupSpec,
        at place: LinkPlace,
        _ secret: LinkSecret,
        _ inbox: EventQueue<SupervisorInput>
    ) throws -> LinkServer {
        var options = LinkServer.Options(worldSize: spec.worldSize)
        options.hosts = place.hosts
        options.advertisedHosts = place.advertisedHosts
        options.port = spec.linkPort
        options.silenceLimit = spec.limits.silence
        return try LinkServer(options, secret: secret) { inbox.push(.link($0)) }
    }

    private init(_ server: LinkServer, _ launcher: MpirunProcess?, _ inbox: EventQueue<SupervisorInput>, worldSize: Int)
    {
        self.server = server
        self.launcher = launcher
        self.inbox = inbox
        self.worldSize = worldSize
    }

    /// The pid of `mpirun`, for messages and tests; `nil` if something else starts the ranks.
    package var launcherPid: Int32? { launcher?.pid }

    /// Where ranks dial.
    package var address: LinkAddress { server.address }

    /// The last lines that `mpirun` and the ranks printed, oldest first.
    package var lastLines: [String] { launcher?.lastLines ?? [] }

    /// The next event, within `limit` (`nil`: however long it takes); one thread reads events.
    package func nextEvent(within limit: Duration?) -> GroupEvent? { events.next(within: limit) }

    /// The next event, however long it takes; not to be called after `ended`.
    package func nextEvent() -> GroupEvent {
        while true { if let event = events.next() { return event } }
    }

    /// Passes over events until every rank has said hello, and returns the hellos in the order of the ranks.
    ///
    /// - Throws: the group's error if it ends instead, or ``LaunchError`` if it was told to end.
    package func waitUntilFormed() throws -> [RankHello] {
        while true {
            switch nextEvent() {
            case .formed(let members): return members
            case .ended(let end): throw end.error ?? LaunchError("the group was ended before it was complete")
            case .joined, .report, .note: continue
            }
        }
    }

    /// Tells one rank; of no effect once it is gone.
    package func send(_ command: LinkCommand, attachment: Data = Data(), to rank: Int) {
        server.send(command, attachment: attachment, to: rank)
    }

    /// Tells several ranks, by default all.
    package func send(_ command: LinkCommand, attachment: Data = Data(), toAll ranks: Range<Int>? = nil) {
        server.send(command, attachment: attachment, toAll: ranks ?? 0..<worldSize)
    }

    /// Tells several ranks, with the bytes themselves: none is copied.
    package func send(_ command: LinkCommand, bytes: [UInt8], toAll ranks: Range<Int>) {
        server.send(command, bytes: bytes, toAll: ranks)
    }

    /// Tells some ranks, with one copy of the bytes.
    package func send(_ command: LinkCommand, attachment: Data = Data(), toRanks ranks: [Int]) {
        server.send(command, attachment: attachment, toAll: ranks)
    }

    /// How a rank is, as far as its link can tell; `nil` if it has none.
    package func pulse(of rank: Int) -> LinkPulse? { server.pulse(of: rank) }

    /// Asks the group to end in order and returns at once; the `ended` event tells when it has.
    package func finish() { inbox.push(.finish) }

    /// Ends the group by force and returns at once; the `ended` event tells when it has.
    package func kill() { inbox.push(.kill) }

    /// Waits until nothing is left, beside the thread that reads events.
    @discardableResult
    package func waitUntilEnded() -> GroupEnd { end.wait() }

    /// Ends the group in order, and waits until nothing is left: a few seconds at most.
    @discardableResult
    package func shutdown() -> GroupEnd {
        finish()
        return waitUntilEnded()
    }

    private func supervise(limits: GroupSpec.Limits) {
        let thread = Thread { [self] in
            let supervisor = GroupSupervisor(server, launcher, worldSize: worldSize, limits: limits) { [events, end] in
                events.push($0)
                if case .ended(let how) = $0 { end.open(how) }
            }
            supervisor.run(inbox)
        }
        thread.name = "group-supervisor"
        thread.start()
    }
}
