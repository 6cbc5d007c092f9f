/// The last tokens of a text: what the next one is guessed from.
struct TextEnd: Sendable {
    /// Stands where texts part, and where pictures are: no guess is made across it.
    static let gap: Int32 = -1
    /// The most tokens that a guess is made from.
    static let longest = 16
    /// From the last so many tokens a guess is made each: 1, 2, 4, 8 and 16.
    static let lengths = 5

    /// Names for the last 1, 2, 4, 8 and 16 tokens, as far as there are so many behind the last gap.
    ///
    /// Other tokens have the same name once in four thousand millions: a guess is wrong then, and nothing else.
    struct Contexts: Sendable {
        fileprivate(set) var count = 0
        private var names = SIMD8<UInt32>()

        subscript(place: Int) -> UInt32 {
            get { names[place] }
            set { names[place] = newValue }
        }
    }

    /// Another in every process, so that nobody can choose tokens whose names are all alike to a table.
    private static let seed = UInt64.random(in: .min ... .max)

    private let seed: UInt64
    /// A ring.
    private var tokens = SIMD16<Int32>()
    private var next = 0
    private var known = 0

    /// - Parameter seed: names are the same only where it is; a number of 64 bits that mean nothing.
    init(seed: UInt64 = TextEnd.seed) { self.seed = seed }

    /// The end of a text.
    init(_ text: some Sequence<Int32>, seed: UInt64 = TextEnd.seed) {
        self.init(seed: seed)
        for token in text { append(token) }
    }

    mutating func append(_ token: Int32) {
        guard token != Self.gap else { return known = 0 }
        tokens[next] = token
        next = (next + 1) % Self.longest
        known = min(known + 1, Self.longest)
    }

    var contexts: Contexts {
        var contexts = Contexts()
        var name = seed
        for back in 0..<known {
            let token = tokens[(next + Self.longest - 1 - back) % Self.longest]
            // splitmix64's steps, so that all bits of all tokens count.
            name = (name ^ UInt64(UInt32(bitPattern: token))) &* 0xBF58_476D_1CE4_E5B9
            name ^= name >> 31
            guard back & (back + 1) == 0 else { continue }
            contexts[contexts.count] = UInt32(truncatingIfNeeded: name &* 0x94D0_49BB_1331_11EB >> 32)
            contexts.count += 1
        }
        return contexts
    }
}
