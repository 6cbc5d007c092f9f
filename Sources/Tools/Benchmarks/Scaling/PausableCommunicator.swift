internal import Communication

/// Ranks that can stop talking for a while: exchanges are then over at once, with what their buffers held before.
///
/// With it a rank of several computes its share of a step by itself, with every addition and without the network. No rank
/// shares memory with another here, since nobody could stop others from waiting there.
final class PausableCommunicator: Communicator {
    private let world: MPICommunicator
    private let network: NetworkModel?
    var isPaused = false

    /// - Parameter network: by which the ways of sums are chosen.
    init(_ world: MPICommunicator, network: NetworkModel?) { (self.world, self.network) = (world, network) }

    var rank: Int { world.rank }
    var size: Int { world.size }
    var meter: CommunicationMeter { world.meter }

    func allGather(_ all: UnsafeMutablePointer<Float>, _ layout: BlockLayout) throws(MPIError) {
        if !isPaused { try world.allGather(all, layout) }
    }

    func blockExchange() -> any BlockExchange { PausableExchange(world.blockExchange(), self) }

    func fabric() -> RankFabric { RankFabric(RankFabric(apart: self), network: network) }

    func agree(_ yes: Bool) -> Bool { world.agree(yes) }

    func gather(
        _ mine: UnsafeRawPointer,
        into all: UnsafeMutableRawPointer,
        _ layout: BlockLayout
    ) throws(MPIError) {
        if !isPaused { try world.gather(mine, into: all, layout) }
    }
}

/// An exchange of ranks that may be silent.
private final class PausableExchange: BlockExchange {
    private let exchange: any BlockExchange
    private let communicator: PausableCommunicator

    init(_ exchange: any BlockExchange, _ communicator: PausableCommunicator) {
        (self.exchange, self.communicator) = (exchange, communicator)
    }

    func begin(
        _ send: UnsafeRawPointer,
        _ sent: BlockLayout,
        into received: UnsafeMutableRawPointer,
        _ receivedLayout: BlockLayout
    ) throws(MPIError) {
        if !communicator.isPaused { try exchange.begin(send, sent, into: received, receivedLayout) }
    }

    func poll() throws(MPIError) -> Bool { communicator.isPaused ? true : try exchange.poll() }

    func wait() throws(MPIError) { if !communicator.isPaused { try exchange.wait() } }
}
