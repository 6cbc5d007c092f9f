/// What hosts have measured of the network between them, one rank on each.
package struct NetworkReport: Codable, Sendable, Equatable {
    /// Two hosts, and what goes between them.
    package struct Pair: Codable, Sendable, Equatable {
        package var one: String
        package var other: String
        /// Of next to nothing.
        package var roundTripMicroseconds: Double
        package var megabitsPerSecond: Double
        /// Seconds that the other's clock is ahead, to half a round trip.
        package var clockOffset: Double

        package init(
            one: String,
            other: String,
            roundTripMicroseconds: Double,
            megabitsPerSecond: Double,
            clockOffset: Double = 0
        ) {
            (self.one, self.other, self.clockOffset) = (one, other, clockOffset)
            (self.roundTripMicroseconds, self.megabitsPerSecond) = (roundTripMicroseconds, megabitsPerSecond)
        }
    }

    package var pairs: [Pair]
    /// Floats of one hidden state.
    package var hiddenSize: Int
    /// The sum of one hidden state over all hosts, as the decoder makes it twice in each layer.
    package var allReduceMicroseconds: Double

    package init(pairs: [Pair], hiddenSize: Int, allReduceMicroseconds: Double) {
        (self.pairs, self.hiddenSize, self.allReduceMicroseconds) = (pairs, hiddenSize, allReduceMicroseconds)
    }

    /// What a line of output begins with that has one of these.
    package static let mark = "flotilla-network: "

    /// Rounds in which every two of `count` measure once, and none with two others at the same time.
    ///
    /// A tournament by the circle method: the first stays, the others move on by one place.
    package static func rounds(of count: Int) -> [[(one: Int, other: Int)]] {
        guard count > 1 else { return [] }
        let places = count + count % 2
        var circle = Array(0..<places)
        return (1..<places).map { _ in
            let pairs = (0..<places / 2).map {
                (min(circle[$0], circle[places - 1 - $0]), max(circle[$0], circle[places - 1 - $0]))
            }
            circle.insert(circle.removeLast(), at: 1)
            // Whoever meets the one that an odd number lacks has a rest.
            return pairs.filter { $0.1 < count }.map { (one: $0.0, other: $0.1) }
        }
    }
}
