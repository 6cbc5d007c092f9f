internal import Communication
internal import Scaling

/// Exchanges of all ranks with all at once, as sums make them, of several sizes.
struct NetworkSamples {
    private let world: MPICommunicator
    private let rounds: Rounds
    /// To each other rank; those of sums of one row up to those of prompts.
    private static let sizes = [8, 2048, 8192, 32_768, 131_072, 524_288, 1 << 20]

    init(_ world: MPICommunicator, rounds: Int) {
        self.world = world
        self.rounds = Rounds(count: rounds, turnSeconds: 0.15)
    }

    /// Collective; the same on every rank: medians of rounds as long as those of steps.
    func measure() throws -> [NetworkSample] {
        let largest = Self.sizes.last ?? 8
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: 2 * largest * world.size, alignment: 64)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 0, count: 2 * largest * world.size)
        let exchange = world.blockExchange()
        let group = BenchmarkGroup(world)
        func seconds(_ size: Int) throws -> Double {
            let layout = BlockLayout(counts: Array(repeating: size, count: world.size))
            return try rounds.measure(in: group) {
                try exchange.begin(buffer, layout, into: buffer + largest * world.size, layout)
                try exchange.wait()
            }.median
        }
        // The first messages make connections, and let windows grow.
        _ = try seconds(largest)
        return try Self.sizes.map { NetworkSample(bytes: $0 * (world.size - 1), seconds: try seconds($0)) }
    }
}
