/// How far visual tokens are from others of the same pictures.
package struct VisualDifference: Sendable, Equatable {
    private let hidden: Int
    private var (errors, squares) = (0.0, 0.0)
    /// Tokens that were compared.
    package private(set) var tokens = 0
    /// The largest length of a difference as a share of its token's length.
    package private(set) var worstToken = 0.0

    package init(hidden: Int) { self.hidden = hidden }

    /// The length of all differences as a share of the length of all that is expected; infinite where a number is none.
    package var relativeError: Double { Self.share(errors, squares) }

    /// Counts whole tokens.
    package mutating func add(_ found: UnsafePointer<Float>, _ expected: UnsafePointer<Float>, count: Int) {
        for token in 0..<count / hidden {
            var (error, square) = (0.0, 0.0)
            for index in token * hidden..<(token + 1) * hidden {
                let (a, b) = (Double(found[index]), Double(expected[index]))
                error += (a - b) * (a - b)
                square += b * b
            }
            errors += error
            squares += square
            worstToken = max(worstToken, Self.share(error, square))
            tokens += 1
        }
    }

    private static func share(_ error: Double, _ square: Double) -> Double {
        if error == 0 { return 0 }
        let share = (error / square).squareRoot()
        return share.isFinite ? share : .infinity
    }
}
