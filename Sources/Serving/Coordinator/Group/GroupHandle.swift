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

    /// Has every vision rank encode its tiles of a picture, with one copy of the bytes.
    func encode(_ job: ImageJob, _ bytes: [UInt8]) {
        group.send(.encode(job), attachment: Data(bytes), toRanks: Array(visionRanks))
    }

    /// Has the leader and the vision ranks forget pictures.
    func forget(_ numbers: [Int32]) { group.send(.forget(images: numbers), toRanks: [0] + Array(visionRanks)) }

    func end(byForce: Bool) {
        if byForce { group.kill() } else { group.finish() }
    }

    /// Passes every event to the coordinator, in order, until the group has ended.
    func pump(slot: Int, generation: Int, to coordinator: Coordinator) {
        let thread = Thread { [group] in
            var isOver = false
            while !isOver {
                let event = group.nextEvent()
                if case .ended = event { isOver = true }
                coordinator.eventLoop.execute {
                    coordinator.assumeIsolated { $0.take(event, slot: slot, generation: generation) }
                }
            }
        }
        thread.name = "group-events"
        thread.start()
    }
}
