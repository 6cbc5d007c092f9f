/// How often drafts are right, by how many tokens agreed before them.
///
/// A share that is forgotten slowly, since texts change. Where it has become too small for drafts to be worth their rows,
/// nothing would ever be learnt again; so now and then a chance is taken all the same, more seldom each time it is in vain.
struct DraftAcceptance: Sendable {
    /// One kind of draft.
    struct Kind: Sendable {
        /// The probability that a token of a draft is right if those before it are.
        var share: Double
        /// Chances that were left since one was taken, and those that are to be left before the next.
        var left = 0
        var pause = DraftAcceptance.shortestPause
    }

    static let shortestPause = 16
    static let longestPause = 512
    /// The share of the next draft in what is known, for a request and for all of them.
    static let requestRate = 0.2
    static let sharedRate = 0.03
    /// Before anything is known.
    static let firstShares = [0.25, 0.4, 0.6, 0.8, 0.9, 0.9, 0.6]
    /// In place of a number of tokens that agreed: a format asks for the draft, in these tokens or others.
    static let forced = Int.max
    /// In place of such a number: a draft model made the draft.
    static let ofModel = Int.max - 1

    private(set) var kinds: [Kind] = firstShares.map { Kind(share: $0) }

    init() {}

    /// - Parameter matched: tokens that agreed before the draft, or ``ofModel``.
    static func kind(_ matched: Int) -> Int {
        switch matched {
        case ..<3: 0
        case ..<5: 1
        case ..<9: 2
        case ..<17: 3
        case forced: 5
        case ofModel: 6
        default: 4
        }
    }

    func share(_ matched: Int) -> Double { kinds[Self.kind(matched)].share }

    /// Tokens that so long a draft is likely to bring.
    func expected(_ matched: Int, length: Int) -> Double {
        let share = share(matched)
        return (0..<length).reduce((sum: 0.0, right: 1.0)) { so, _ in (so.sum + so.right * share, so.right * share) }
            .sum
    }

    /// A draft has been checked.
    ///
    /// - Parameter rate: of the newest in what is known.
    mutating func note(_ matched: Int, drafted: Int, accepted: Int, rate: Double = requestRate) {
        let kind = Self.kind(matched)
        for place in 0..<min(drafted, accepted + 1) {
            kinds[kind].share += rate * ((place < accepted ? 1 : 0) - kinds[kind].share)
        }
        kinds[kind].left = 0
        kinds[kind].pause = accepted > 0 ? Self.shortestPause : min(2 * kinds[kind].pause, Self.longestPause)
    }

    /// A draft was there and not worth its rows; says whether it is time to try one all the same.
    mutating func leave(_ matched: Int) -> Bool {
        let kind = Self.kind(matched)
        kinds[kind].left += 1
        return kinds[kind].left > kinds[kind].pause
    }
}
