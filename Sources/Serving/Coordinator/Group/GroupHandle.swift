internal import Foundation
internal import GroupLauncher
internal import GroupLink
internal import NIOCore
internal import Requests

/// The group under way: what the coordinator tells it, and the thread on which it is heard.
struct GroupHandle: Sendable {
    let group: RankGroup
    let visionRanks: Range<Int>

    func send(_ command: LinkCommand, to rank: Int) { group.send(command, to: rank) }

    /// Sends to several ranks with one copy of the bytes.
    func send(_ command: LinkCommand, attachment: Data = Data(), toAll ranks: some Sequence<Int> & Sendable) {
        group.send(command, attachment: attachment, toRanks: Array(ranks))
    }

    /// Passes every event to the coordinator, in order, until the group has ended.
    func pump(generation: Int, to coordinator: Coordinator) {
        let thread = Thread { [group] in
            var isOver = false
            while !isOver {
                let event = group.nextEvent()
                if case .ended = event { isOver = true }
                coordinator.eventLoop.execute {
                    coordinator.assumeIsolated { $0.take(event, generation: generation) }
                }
            }
        }
        thread.name = "group-events"
        thread.start()
    }
}
