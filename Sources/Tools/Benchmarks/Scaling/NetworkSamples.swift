internal import Communication
internal import Scaling

/// Exchanges of all ranks with all at once, as sums make them, of several sizes.
struct NetworkSamples {
    private let world: MPICommunicator
    /// To each other rank; those of sums of one row up to those of prompts.
    private static let sizes = [8, 2048, 8192, 32_768, 131_072, 1 << 20]

    init(_ world: MPICommunicator) { self.world = world }

    /// Collective; the same on every rank: the medians of the slowest.
    func measure() throws -> [NetworkSample] {
        let largest = Self.sizes.last ?? 8
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: 2 * largest * world.size, alignment: 64)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 0, count: 2 * largest * world.size)
        let exchange = world.blockExchange()
        return try Self.sizes.map { size in
            let layout = BlockLayout(counts: Array(repeating: size, count: world.size))
            var times: [Double] = []
            // Several without a pause, as in a step: ranks do not come out of a barrier at the same time.
            let (batches, repetitions) = size <= 32_768 ? (9, 24) : (5, 4)
            for batch in 0...batches {
                let time = try ContinuousClock().measure {
                    for _ in 0..<repetitions {
                        try exchange.begin(buffer, layout, into: buffer + largest * world.size, layout)
                        try exchange.wait()
                    }
                }
                // The first ones make connections, and let windows grow.
                if batch > 0 { times.append(time / .seconds(repetitions)) }
            }
            let all = try world.allGather(Spread(times).median.bitPattern).map(Double.init(bitPattern:))
            return NetworkSample(bytes: size * (world.size - 1), seconds: all.max() ?? 0)
        }
    }
}
