/// A group of one: a decoder that is not sharded and runs without MPI.
///
/// ## Communication
/// None.
package final class SoloCommunicator: Communicator {
    package let rank = 0
    package let size = 1
    package let meter = CommunicationMeter()

    package init() {}

    package func allGather(_ all: UnsafeMutablePointer<Float>, _ layout: BlockLayout) {}

    package func blockExchange() -> any BlockExchange { NoExchange() }
    package func agree(_ yes: Bool) -> Bool { yes }

    package func gather(_ mine: UnsafeRawPointer, into all: UnsafeMutableRawPointer, _ layout: BlockLayout) {
        if mine != UnsafeRawPointer(all) { all.copyMemory(from: mine, byteCount: Int(layout.counts[0])) }
    }
}

/// Nobody to exchange with.
package final class NoExchange: BlockExchange {
    package init() {}

    package func begin(
        _ send: UnsafeRawPointer,
        _ sent: BlockLayout,
        into received: UnsafeMutableRawPointer,
        _ receivedLayout: BlockLayout
    ) {}
    package func poll() -> Bool { true }
    package func wait() {}
}
