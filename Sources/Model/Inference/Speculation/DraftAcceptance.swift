internal import Foundation

/// How often guesses are right, by their kinds, over all requests and with what is peculiar to one.
///
/// The odds of a kind are learnt by every guess that is checked; a request's texts may be harder or easier than others', and
/// that it learns for itself and quickly, as one number that is added to the odds of all its guesses of an origin. It begins with
/// what that number came to in requests of late: many kinds are learnt slowly where all of them are wrong.
struct DraftAcceptance: Sendable {
    /// One request's part.
    struct Request: Sendable {
        fileprivate var shifts = SIMD4<Double>()
        /// Chances that were left since one was taken, and those that are to be left before the next.
        fileprivate var left = SIMD4<Int>()
        fileprivate var pause = SIMD4<Int>(repeating: DraftAcceptance.shortestPause)

        /// Looks in a row that promised nothing, and steps that are to pass before the next.
        fileprivate var vain = 0
        fileprivate var rest = 0

        init() {}
    }

    /// A guess below this promises nothing.
    static let vainChance = 0.1
    /// Looks in vain behind which only every fourth step looks: where steps are short, looking is a part of them.
    static let mostVain = 16
    static let restSteps = 3
    static let shortestPause = 16
    static let longestPause = 512
    /// How far one guess that was right or wrong moves the odds of its kind, and those of its request's origin.
    private static let kindRate = 0.25
    private static let textRate = 0.5
    private static let otherRate = 1.0
    /// The share of the latest request in what the next one begins with.
    private static let usualRate = 0.3
    private static let lowest = -6.0
    private static let highest = 4.0

    /// Logarithms.
    private var odds = DraftKind.all.map(\.firstOdds)
    private var usual = SIMD4<Double>()

    init() {}

    /// A request begins.
    func begin() -> Request {
        var request = Request()
        request.shifts = usual
        return request
    }

    /// A request has ended.
    mutating func end(_ request: Request) { usual += Self.usualRate * (request.shifts - usual) }

    /// Whether guesses of one kind are right more often than those of another.
    func prefers(_ kind: DraftKind, to other: DraftKind) -> Bool { odds[kind.index] > odds[other.index] }

    /// The probability that a guess is right if those before it are.
    func chance(_ kind: DraftKind, _ request: Request) -> Double {
        1 / (1 + exp(-odds[kind.index] - request.shifts[kind.origin.rawValue]))
    }

    /// Tokens that a draft is likely to bring.
    func expected(_ kinds: some Sequence<DraftKind>, _ request: Request) -> Double {
        kinds.reduce((sum: 0.0, right: 1.0)) { so, kind in
            let right = so.right * chance(kind, request)
            return (so.sum + right, right)
        }.sum
    }

    /// A draft has been checked.
    ///
    /// - Parameters:
    ///   - kinds: of its tokens that were compared: all that were right, and the first that was wrong.
    ///   - accepted: how many were right.
    mutating func note(_ kinds: some Collection<DraftKind>, accepted: Int, _ request: inout Request) {
        guard let first = kinds.first else { return }
        for (place, kind) in kinds.enumerated() {
            let surprise = (place < accepted ? 1 : 0) - chance(kind, request)
            let origin = kind.origin.rawValue
            let rate = kind.origin == .text ? Self.textRate : Self.otherRate
            odds[kind.index] = Self.bounded(odds[kind.index] + Self.kindRate * surprise)
            request.shifts[origin] = Self.bounded(request.shifts[origin] + rate * surprise)
        }
        let origin = first.origin.rawValue
        request.left[origin] = 0
        let pause = accepted > 0 ? Self.shortestPause : min(2 * request.pause[origin], Self.longestPause)
        request.pause[origin] = pause
    }

    private static func bounded(_ odds: Double) -> Double { min(max(odds, lowest), highest) }
}

extension DraftAcceptance.Request {
    /// Whether this step does without looking for a draft.
    mutating func rests() -> Bool {
        guard rest > 0 else { return false }
        rest -= 1
        return true
    }

    /// A draft was looked for.
    ///
    /// - Parameter chance: that its first token is right; `nil` where nothing was found.
    mutating func look(promising chance: Double?) {
        vain = (chance ?? 0) < DraftAcceptance.vainChance ? vain + 1 : 0
        if vain >= DraftAcceptance.mostVain { rest = DraftAcceptance.restSteps }
    }

    /// A draft was there and not worth its rows; says whether it is time to try one all the same.
    ///
    /// Without that nothing would ever be learnt again. It is more seldom each time it is in vain.
    mutating func leave(_ kind: DraftKind) -> Bool {
        let origin = kind.origin.rawValue
        left[origin] += 1
        return left[origin] > pause[origin]
    }
}
