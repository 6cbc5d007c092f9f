internal import Communication
internal import Scaling

/// Exchanges of all ranks with all at once, as sums make them, of several sizes.
///
/// The sizes take turns, so that a disturbance hits all of them alike, and are measured again whenever they are asked for: a
/// network that is shared with others is not the same for minutes.
final class NetworkSamples {
    private let world: MPICommunicator
    private let group: BenchmarkGroup
    private let exchange: any BlockExchange
    private let buffer: UnsafeMutableRawPointer
    private let turns: Int
    /// Repetitions in a turn, and seconds of one in each turn so far, of each size.
    private var repetitions: [Int] = []
    private var seconds: [[Double]] = sizes.map { _ in [] }

    /// To each other rank: those of sums of one row up to those of prompts, and closer together about the 64 KiB from which
    /// on messages are announced before they are sent.
    private static let sizes = [
        8, 512, 2048, 4096, 8192, 16_384, 32_768, 49_152, 65_536, 98_304, 131_072, 196_608, 262_144, 524_288, 1 << 20,
    ]
    private static let largest = sizes.last ?? 8
    private static let turnSeconds = 0.1

    /// - Parameter turns: of each size, every time they are measured.
    init(_ world: MPICommunicator, turns: Int) {
        (self.world, self.turns) = (world, turns)
        group = BenchmarkGroup(world)
        exchange = world.blockExchange()
        let bytes = 2 * Self.largest * world.size
        buffer = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        buffer.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    deinit { buffer.deallocate() }

    /// Collective.
    func measure() throws {
        if repetitions.isEmpty {
            // The first messages make connections, and let windows grow.
            for _ in 0..<3 { _ = try seconds(of: Self.largest, times: 2) }
            repetitions = try Self.sizes.map { size in
                let usual = try seconds(of: size, times: 3)
                return try group.agreed(max(1, Int(Self.turnSeconds / max(usual, 1e-7))))
            }
        }
        for _ in 0..<turns {
            for (place, size) in Self.sizes.enumerated() {
                seconds[place].append(try seconds(of: size, times: repetitions[place]))
            }
        }
    }

    /// The medians of all turns so far; the same on every rank.
    var samples: [NetworkSample] {
        zip(Self.sizes, seconds).filter { !$1.isEmpty }.map { size, seconds in
            NetworkSample(bytes: size * (world.size - 1), seconds: Spread(seconds).median)
        }
    }

    /// Of one exchange, of the slowest rank.
    private func seconds(of size: Int, times: Int) throws -> Double {
        let layout = BlockLayout(counts: Array(repeating: size, count: world.size))
        let received = buffer + Self.largest * world.size
        return try group.seconds {
            for _ in 0..<times {
                try exchange.begin(buffer, layout, into: received, layout)
                try exchange.wait()
            }
        } / Double(times)
    }
}
