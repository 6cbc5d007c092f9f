internal import Foundation
internal import Frontend
internal import GroupLauncher
internal import NIOCore

extension GroupHandle {
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
