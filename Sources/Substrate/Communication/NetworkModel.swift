/// What an exchange between ranks costs: a time for each round, and a time for each byte that a rank sends or takes in.
///
/// - SeeAlso: Hockney, *The communication challenge for MPP*, Parallel Computing 20 (1994): `t = α + β n`.
package struct NetworkModel: Codable, Sendable, Equatable {
    /// α, in seconds.
    package var latency: Double
    /// β, in seconds.
    package var secondsPerByte: Double

    package init(latency: Double, secondsPerByte: Double) {
        (self.latency, self.secondsPerByte) = (latency, secondsPerByte)
    }

    /// Through the medians of two exchanges: of next to nothing, and of many bytes.
    package init(smallSeconds: Double, largeSeconds: Double, largeBytes: Int) {
        latency = max(smallSeconds, 1e-7)
        secondsPerByte = max(largeSeconds - smallSeconds, 1e-9) / Double(max(largeBytes, 1))
    }

    /// Seconds of so many rounds one after the other, in which the busiest rank moves `bytes` in all.
    package func seconds(rounds: Int, bytes: Int) -> Double {
        Double(rounds) * latency + Double(bytes) * secondsPerByte
    }
}

extension NetworkModel {
    private static let largeBytes = 128 << 10

    /// Measures the ranks of a communicator, all of them at once, as they will work: some milliseconds.
    ///
    /// Collective; the same on every rank: the slowest one's numbers.
    package static func measure(_ communicator: MPICommunicator) throws(MPIError) -> NetworkModel? {
        let size = communicator.size
        guard size > 1 else { return nil }
        let exchange = communicator.blockExchange()
        let capacity = largeBytes * size
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: 2 * capacity, alignment: 64)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 0, count: 2 * capacity)
        func median(_ bytes: Int, of count: Int) throws(MPIError) -> Double {
            let layout = BlockLayout(counts: Array(repeating: bytes, count: size))
            var times: [Double] = []
            for _ in 0..<count {
                let began = ContinuousClock.now
                try exchange.begin(buffer, layout, into: buffer + capacity, layout)
                try exchange.wait()
                times.append((ContinuousClock.now - began) / .seconds(1))
            }
            return times.sorted()[count / 2]
        }
        // The first exchanges make connections.
        _ = try median(8, of: 3)
        let small = try median(8, of: 15)
        let large = try median(largeBytes, of: 5)
        let slowestSmall = try slowest(small, communicator)
        let slowestLarge = try slowest(large, communicator)
        return NetworkModel(
            smallSeconds: slowestSmall,
            largeSeconds: slowestLarge,
            largeBytes: largeBytes * (size - 1)
        )
    }

    private static func slowest(_ seconds: Double, _ communicator: MPICommunicator) throws(MPIError) -> Double {
        try communicator.allGather(seconds.bitPattern).map(Double.init(bitPattern:)).max() ?? seconds
    }
}
