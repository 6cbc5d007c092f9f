internal import Communication
internal import Scaling

/// Exchanges of all ranks with all at once, as sums make them, of several sizes.
///
/// The sizes take turns, so that a disturbance hits all of them alike, and turns go between those of a step's exchanges: a
/// network that is shared with others is not the same for minutes.
final class NetworkSamples {
    private let world: MPICommunicator
    private let group: BenchmarkGroup
    private let exchange: any BlockExchange
    private let buffer: UnsafeMutableRawPointer
    /// Repetitions in a turn, and seconds of one in each turn so far, of each size.
    private var repetitions: [Int] = []
    private var seconds: [[Double]] = sizes.map { _ in [] }

    /// To each other rank: those of sums of one row up to those of prompts.
    ///
    /// Messages of 64 KiB with MPI's own header are announced before they are sent, which takes longer at once: two sizes are
    /// close to either side of that.
    private static let sizes = [
        8, 512, 2048, 4096, 8192, 16_384, 32_768, 49_152, 65_280, 65_536, 98_304, 131_072, 196_608, 262_144, 524_288,
        1 << 20,
    ]
    private static let largest = sizes.last ?? 8
    private static let turnSeconds = 0.05

    init(_ world: MPICommunicator) {
        self.world = world
        group = BenchmarkGroup(world)
        exchange = world.blockExchange()
        let bytes = 2 * Self.largest * world.size
        buffer = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        buffer.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    deinit { buffer.deallocate() }

    /// One turn of every size.
    ///
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
        for (place, size) in Self.sizes.enumerated() {
            seconds[place].append(try seconds(of: size, times: repetitions[place]))
        }
    }

    /// The turns so far.
    var turns: Int { seconds[0].count }

    /// The medians of all turns but the first so many; the same on every rank.
    func samples(behind turns: Int = 0) -> [NetworkSample] {
        zip(Self.sizes, seconds.map { $0.dropFirst(turns) }).filter { !$1.isEmpty }.map { size, seconds in
            NetworkSample(bytes: size * (world.size - 1), seconds: Spread(Array(seconds)).median)
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
