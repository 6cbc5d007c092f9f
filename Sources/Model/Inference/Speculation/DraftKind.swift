/// What a guess at one token rests on: guesses of a kind are right about as often as each other.
struct DraftKind: Equatable, Sendable {
    /// Where a kind's guesses come from, which a request learns about as a whole.
    enum Origin: Int, CaseIterable, Sendable {
        /// Looked up in texts that came before.
        case text
        /// The only token that a format allows, in these tokens or others.
        case format
        /// A draft model's.
        case model
    }

    /// Which texts were looked up.
    enum Text: Int, CaseIterable, Sendable {
        case own, asker, prompt
    }

    let index: Int

    static let all = (0..<textKinds + 2).map { DraftKind(index: $0) }
    static let forced = DraftKind(index: textKinds)
    static let ofModel = DraftKind(index: textKinds + 1)
    private static let textKinds = Text.allCases.count * TextEnd.lengths * steps * 2
    /// Numbers of times that are told apart.
    private static let steps = 4

    private init(index: Int) { self.index = index }

    /// - Parameter length: the number of the context among the lengths, the shortest first.
    init(_ text: Text, length: Int, _ follower: FollowerTable.Follower) {
        let times = min(Int(follower.times), Self.steps) - 1
        index = ((text.rawValue * TextEnd.lengths + length) * Self.steps + times) * 2 + (follower.hasOthers ? 1 : 0)
    }

    var origin: Origin {
        switch self {
        case .forced: .format
        case .ofModel: .model
        default: .text
        }
    }

    private var isOfPrompt: Bool { index / (Self.textKinds / Text.allCases.count) == Text.prompt.rawValue }

    /// The logarithm of the odds that such a guess is right, before anything is known: longer texts that agree, and that have
    /// gone on so more often, say more, and who asks the same again mostly gets the same.
    var firstOdds: Double {
        switch self {
        case .forced: 2.2
        case .ofModel: 0.4
        default:
            -2 + 0.6 * Double(index / (2 * Self.steps) % TextEnd.lengths) + 0.6 * Double(index / 2 % Self.steps + 1)
                - 0.7 * Double(index % 2) + (isOfPrompt ? 1.2 : 0)
        }
    }
}
