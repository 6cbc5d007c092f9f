internal import Foundation
package import GroupLauncher
package import Requests
package import ServingCore

/// A group under `mpirun` as the core's shells use it: what the core wants done, and what the group tells the core.
package struct GroupHandle: Sendable {
    package let group: RankGroup
    private let visionRanks: Range<Int>

    package init(_ group: RankGroup, visionRanks: Range<Int>) {
        self.group = group
        self.visionRanks = visionRanks
    }

    /// Tells the leader.
    package func send(_ command: LinkCommand) { group.send(command, to: 0) }

    /// Has every vision rank encode its tiles of a picture; copying millions of bytes would hold up whoever calls.
    package func encode(_ job: ImageJob, _ bytes: [UInt8]) {
        group.send(.encode(job), bytes: bytes, toAll: visionRanks)
    }

    /// Has the leader and the vision ranks forget pictures.
    package func forget(_ numbers: [Int32]) {
        group.send(.forget(images: numbers), toRanks: [0] + Array(visionRanks))
    }

    package func end(byForce: Bool) {
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
    /// Tells every event from a thread of its own, in order, until the group has ended.
    package func pump(_ hear: @escaping @Sendable (GroupEvent) -> Void) {
        let thread = Thread { [group] in
            while true {
                let event = group.nextEvent()
                hear(event)
                if case .ended = event { return }
            }
        }
        thread.name = "group-events"
        thread.start()
    }
}
