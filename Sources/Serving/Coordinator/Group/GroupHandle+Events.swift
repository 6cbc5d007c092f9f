internal import Frontend
internal import NIOCore

extension GroupHandle {
    /// Passes every event to the coordinator, in order, until the group has ended.
    func pump(slot: Int, generation: Int, to coordinator: Coordinator) {
        pump { event in
            coordinator.eventLoop.execute {
                coordinator.assumeIsolated { $0.take(event, slot: slot, generation: generation) }
            }
        }
    }
}
