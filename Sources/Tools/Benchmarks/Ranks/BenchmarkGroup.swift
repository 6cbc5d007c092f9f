package import Communication

/// The ranks that measure together: this process alone, or MPI's world.
///
/// A round begins at a barrier, lasts as long as its slowest rank, and is repeated as often as rank 0 says, so that
/// ranks can never wait for each other in different places.
package final class BenchmarkGroup {
    package let communicator: any Communicator
    private let world: MPICommunicator?

    /// A group of one, without MPI.
    package init() {
        world = nil
        communicator = SoloCommunicator()
    }

    package init(_ world: MPICommunicator) {
        self.world = world
        communicator = world
    }

    package var rank: Int { communicator.rank }
    package var size: Int { communicator.size }
    /// MPI's own communicator; `nil` in a group of one.
    package var mpi: MPICommunicator? { world }

    /// Every rank's number, in rank order.
    ///
    /// Collective.
    package func all(_ value: Double) throws -> [Double] {
        guard let world, size > 1 else { return [value] }
        return try world.allGather(value.bitPattern).map(Double.init(bitPattern:))
    }

    /// The same of whole numbers.
    func integers(_ value: Int) throws -> [Int] { try all(Double(value)).map { Int($0) } }

    /// Returns when every rank has called it.
    package func barrier() throws { _ = try all(0) }

    /// The largest of the ranks' numbers.
    ///
    /// Collective.
    package func maximum(_ value: Double) throws -> Double { try all(value).reduce(value, max) }

    /// Rank 0's number.
    ///
    /// Collective.
    package func agreed(_ value: Int) throws -> Int { Int(try all(Double(value))[0]) }

    /// Seconds that the slowest rank takes for `body`, begun by all at once.
    ///
    /// Collective.
    package func seconds(_ body: () throws -> Void) throws -> Double {
        try barrier()
        let time = try ContinuousClock().measure(body)
        return try maximum(time / .seconds(1))
    }
}
