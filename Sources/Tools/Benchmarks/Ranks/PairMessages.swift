internal import Communication
internal import Foundation

/// Messages to and fro between two ranks, both of which call the same.
final class PairMessages {
    /// In seconds.
    struct Figures {
        /// Of a short message and its answer; the median.
        var small = 0.0
        /// Of a long message and a short answer; the median.
        var large = 0.0
        /// How far the clock of the one that answers is ahead.
        var offset = 0.0

        /// Every rank's, in rank order.
        ///
        /// Collective.
        func all(of world: MPICommunicator) throws -> [Figures] {
            let parts = try [small, large, offset].map { part in
                try world.allGather(part.bitPattern).map(Double.init(bitPattern:))
            }
            return parts[0].indices.map { Figures(small: parts[0][$0], large: parts[1][$0], offset: parts[2][$0]) }
        }
    }

    private let world: MPICommunicator
    private let peer: Int
    /// The first one asks and measures, the other answers.
    private let isFirst: Bool
    private let answer = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
    /// The first messages make connections.
    private static let unmeasured = 2

    init(_ world: MPICommunicator, peer: Int, isFirst: Bool) {
        (self.world, self.peer, self.isFirst) = (world, peer, isFirst)
    }

    deinit { answer.deallocate() }

    func measure(largeBytes: Int) throws -> Figures {
        let short = try trips(bytes: 8, count: 31)
        let long = try trips(bytes: largeBytes, count: 5)
        let best = short.min { $0.seconds < $1.seconds }
        return Figures(small: Self.median(short), large: Self.median(long), offset: best?.offset ?? 0)
    }

    private typealias Trip = (seconds: Double, offset: Double)

    private static func median(_ trips: [Trip]) -> Double { trips.map(\.seconds).sorted()[trips.count / 2] }

    /// Each the time until a message is there and the other's clock has come back, and how far that is ahead of the middle.
    private func trips(bytes count: Int, count rounds: Int) throws -> [Trip] {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        defer { bytes.deallocate() }
        bytes.initializeMemory(as: UInt8.self, repeating: 1)
        return try (0..<rounds + Self.unmeasured).map { _ in
            guard isFirst else {
                try world.receive(bytes, from: peer, .contact)
                answer.storeBytes(of: Self.clock, as: Double.self)
                try world.send(UnsafeRawBufferPointer(answer), to: peer, .contact)
                return (0, 0)
            }
            let began = Self.clock
            let time = try ContinuousClock().measure {
                try world.send(UnsafeRawBufferPointer(bytes), to: peer, .contact)
                try world.receive(answer, from: peer, .contact)
            }
            let seconds = time / .seconds(1)
            return (seconds, answer.load(as: Double.self) - (began + seconds / 2))
        }.suffix(rounds)
    }

    /// Seconds since 1970.
    private static var clock: Double { Date().timeIntervalSince1970 }
}
