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

    package func exchange(
        _ send: UnsafePointer<Float>,
        _ sent: BlockLayout,
        into received: UnsafeMutablePointer<Float>,
        _ receivedLayout: BlockLayout
    ) {
        received.update(from: send, count: Int(sent.counts[0]))
    }

    package func gather(_ mine: UnsafeRawPointer, into all: UnsafeMutableRawPointer, _ layout: BlockLayout) {
        if mine != UnsafeRawPointer(all) { all.copyMemory(from: mine, byteCount: Int(layout.counts[0])) }
    }
}
