/// Whether ranks die because of a request: a pure value, fed with where it stood whenever its group was lost.
///
/// A token that came, or a part of the prompt that was read, is progress: whose group dies somewhere else each time is
/// not what kills it. Who stood at the same point twice, or has had no new token over many losses, is under suspicion and
/// goes on alone; only a request under which ranks die alone, again and again, is given up.
package struct Suspicion: Sendable, Equatable {
    /// How far a request had come.
    package struct Point: Sendable, Equatable {
        package var tokens: Int
        package var prefilled: Int
        package var tiles: Int

        package init(tokens: Int, prefilled: Int, tiles: Int) {
            self.tokens = tokens
            self.prefilled = prefilled
            self.tiles = tiles
        }
    }

    /// Losses in a row at one point, and without a new token, from which on a request is suspected.
    static let suspectedAfter = (same: 2, withoutToken: 8)
    /// The same while it was alone, after which it is given up.
    static let givenUpAfter = (same: 4, withoutToken: 12)

    private var last: Point?
    private var atSamePoint = 0
    private var withoutToken = 0
    private var aloneAtSamePoint = 0
    private var aloneWithoutToken = 0

    package init() {}

    package var isSuspected: Bool {
        atSamePoint >= Self.suspectedAfter.same || withoutToken >= Self.suspectedAfter.withoutToken
    }

    package var isGuilty: Bool {
        aloneAtSamePoint >= Self.givenUpAfter.same || aloneWithoutToken >= Self.givenUpAfter.withoutToken
    }

    /// Losses in a row without a new token.
    package var losses: Int { withoutToken }

    /// The group was lost while it worked on the request.
    ///
    /// - Parameter alone: whether it worked on nothing else.
    package mutating func lost(at point: Point, alone: Bool) {
        if let last, point.tokens > last.tokens { clear() }
        let isSame = last.map { $0 == point } ?? true
        atSamePoint = isSame ? atSamePoint + 1 : 1
        withoutToken += 1
        // Company clears nobody, but what happened in it proves nothing either.
        if alone {
            aloneAtSamePoint = isSame ? aloneAtSamePoint + 1 : 1
            aloneWithoutToken += 1
        }
        last = point
    }

    /// A token has come.
    package mutating func clear() { self = Suspicion() }
}
