import CProcess
import Foundation
import GroupLink
internal import Requests

/// What reaches the thread that supervises a group.
enum SupervisorInput: Sendable {
    case link(LinkEvent)
    case launcherEnded(ProcessEnd)
    case finish
    case kill
}

/// The thread that supervises one group: feeds its lifecycle, and does what that says.
final class GroupSupervisor {
    private let server: LinkServer
    private let launcher: MpirunProcess?
    private let announce: (GroupEvent) -> Void
    private var lifecycle: GroupLifecycle
    private var processes: [LocalProcess] = []
    /// What `mpirun` had printed when its end was begun; afterwards it tells of ranks that were killed from here.
    private var lines: [String] = []

    init(
        _ server: LinkServer,
        _ launcher: MpirunProcess?,
        worldSize: Int,
        limits: GroupSpec.Limits,
        announce: @escaping (GroupEvent) -> Void
    ) {
        self.server = server
        self.launcher = launcher
        self.announce = announce
        lifecycle = GroupLifecycle(
            worldSize: worldSize,
            limits: limits,
            hasLauncher: launcher != nil,
            now: MonotonicClock.now
        )
    }

    func run(_ inbox: EventQueue<SupervisorInput>) {
        while lifecycle.phase != .ended {
            let left = lifecycle.deadline.map { max($0 - MonotonicClock.now, .zero) }
            if let input = inbox.next(within: left) {
                handle(input)
            } else if left != nil {
                act(.deadline)
            }
        }
    }

    private func handle(_ input: SupervisorInput) {
        switch input {
        case .link(let event): handle(event)
        case .launcherEnded(let end): act(.launcherEnded(end))
        case .finish: act(.finish)
        case .kill: act(.kill)
        }
    }

    private func handle(_ event: LinkEvent) {
        switch event {
        case .joined(let hello):
            if let process = LocalProcess(hello) { processes.append(process) }
            act(.joined(hello))
        case .misfit(let hello, let reason): act(.misfit("\(hello.label) does not fit: \(reason)"))
        case .report(let rank, .failed(let failure), _) where failure.isOfRank: act(.failed(rank: rank, failure))
        case .report(let rank, let report, let attachment):
            if let news = StartWatch.News(report) { act(.started(rank: rank, news)) }
            announce(.report(rank: rank, report, attachment: attachment))
        case .silent(let rank, let duration): act(.silent(rank: rank, duration))
        case .closed(let rank, let end): act(.closed(rank: rank, end))
        case .stranger(let note): announce(.note(note))
        }
    }

    private func act(_ input: GroupLifecycle.Input) {
        for action in lifecycle.handle(input, now: MonotonicClock.now) { carryOut(action) }
    }

    private func carryOut(_ action: GroupLifecycle.Action) {
        switch action {
        case .announceJoined(let hello): announce(.joined(hello))
        case .announceFormed(let members):
            let isOurs = { ReachableAddress.isHere($0) }
            server.send(
                .formed(addresses: members.map { isOurs($0.address) ? nil : $0.address }),
                toAll: lifecycle.members.keys
            )
            announce(.formed(members))
        case .tellShutdown: server.send(.shutdown, toAll: lifecycle.members.keys)
        case .terminate:
            lines = launcher?.lastLines ?? []
            server.close()
            processes.forEach { $0.kill() }
            launcher?.signal(SIGTERM)
        case .killLauncher: launcher?.signal(SIGKILL)
        case .announceEnd:
            // Ranks of a killed mpirun may have said hello a moment ago.
            processes.forEach { $0.kill() }
            let deadline = MonotonicClock.now + .seconds(1)
            processes.forEach { _ = $0.hasEnded(by: deadline) }
            launcher?.clean()
            announce(.ended(lifecycle.error.map { .failed($0(lines)) } ?? .finished))
        }
    }
}

extension StartWatch.News {
    /// What a report tells of a rank's start, if it does.
    init?(_ report: LinkReport) {
        switch report {
        case .stage(let stage): self = .stage(stage)
        case .met(let ranks): self = .met(ranks)
        case .progress(_, let done, let total): self = .progress(done: done, total: total)
        case .ready: self = .stage(.ready)
        default: return nil
        }
    }
}
