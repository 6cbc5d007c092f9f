internal import Foundation
package import GroupLauncher
package import Requests
package import ServingCore

/// A group under `mpirun` as the core's shells use it: what the core wants done, and what the group tells the core.
package struct GroupHandle: Sendable {
    package let group: RankGroup
    private let visionRanks: Range<Int>
    /// The ranks of a draft model that guess for it.
    package let draft: DraftGroup?

    /// - Parameters:
    ///   - draft: how a draft model is started beside it.
    ///   - note: is told what of the draft model a person should know.
    package init(
        _ group: RankGroup,
        visionRanks: Range<Int>,
        draft: DraftLaunch? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.group = group
        self.visionRanks = visionRanks
        self.draft = draft.map { DraftGroup($0, note: note) { group.send(.drafts($0), to: 0) } }
    }

    /// Tells the leader.
    package func send(_ command: LinkCommand) {
        group.send(command, to: 0)
        switch command {
        case .generate(let job): draft?.submit(job)
        case .cancel(let id): draft?.end(id)
        default: break
        }
    }

    /// Has every vision rank encode its tiles of a picture; copying millions of bytes would hold up whoever calls.
    package func encode(_ job: ImageJob, _ bytes: [UInt8]) {
        group.send(.encode(job), bytes: bytes, toAll: visionRanks)
        draft?.encode(job, bytes)
    }

    /// Has the leader and the vision ranks forget pictures.
    package func forget(_ numbers: [Int32]) {
        group.send(.forget(images: numbers), toRanks: [0] + Array(visionRanks))
        draft?.forget(numbers)
    }

    package func end(byForce: Bool) {
        draft?.finish(byForce: byForce)
        if byForce { group.kill() } else { group.finish() }
    }
}

extension GroupNews {
    /// The same for the core; what is attached to a report is not.
    package init(_ event: GroupEvent) {
        switch event {
        case .joined(let hello): self = .joined(hello)
        case .formed: self = .formed
        case .report(let rank, let report, _): self = .report(rank: rank, report)
        case .note(let line): self = .note(line)
        case .ended(let end): self = .ended(end.error)
        }
    }
}

extension GroupHandle {
    /// The next event, within `limit` (`nil`: however long it takes); what the draft model should know of it is passed on.
    package func nextEvent(within limit: Duration?) -> GroupEvent? {
        let event = group.nextEvent(within: limit)
        guard let draft, let event else { return event }
        switch event {
        case .report(_, .step(let report), _): draft.take(report.tokens)
        case .report(_, .finished(let id, _), _): draft.end(id)
        case .report(_, .failed(let failure), _): if let id = failure.id { draft.end(id) }
        case .ended(let end):
            let rest = draft.finish(byForce: true)
            // In order, nothing is left behind; after a loss nobody waits for what only guesses.
            if end.error == nil { _ = rest?.waitUntilEnded() }
        default: break
        }
        return event
    }

    /// Tells every event from a thread of its own, in order, until the group has ended.
    package func pump(_ hear: @escaping @Sendable (GroupEvent) -> Void) {
        let thread = Thread { [self] in
            while true {
                guard let event = nextEvent(within: nil) else { continue }
                hear(event)
                if case .ended = event { return }
            }
        }
        thread.name = "group-events"
        thread.start()
    }
}
