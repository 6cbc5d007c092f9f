/// Finds what followed the last tokens when they came before: drafts that cost no model.
///
/// The texts that are searched are one row of tokens: answers to the same prompt from before, the prompt, and the answer as
/// it grows. Where a pair of tokens last came is kept in a table of chains, as compressors keep it, so that a token costs
/// the same however long the row is: a few comparisons, and 12 to 24 bytes.
///
/// - SeeAlso: Saxena, *Prompt Lookup Decoding*, 2023; Deutsch, *DEFLATE*, RFC 1951, section 4.
struct LookupIndex: Sendable {
    /// What may come next, and how many of the last tokens say so.
    struct Found: Equatable, Sendable {
        var matched: Int
        var tokens: [Int32]
    }

    /// Stands where texts part, and where pictures are: nothing matches it, and no draft goes over it.
    static let gap: Int32 = -1
    /// Tokens that must agree at least, and those that are compared at most.
    static let fewestMatched = 2
    static let mostMatched = 64
    /// Earlier places that are looked at.
    static let mostPlaces = 32

    /// The row that is searched.
    private(set) var tokens: [Int32] = []
    /// By the hash of two tokens: where the second of them last stood; −1 for never.
    private var heads: [Int32]
    /// By place: the place before it with the same hash.
    private var previous: [Int32] = []
    /// The place behind which the last draft went on, as long as it was right.
    private var source: Int?

    init() { heads = [] }

    var count: Int { tokens.count }

    /// Bytes that the tokens, the chains and the table take.
    var byteCount: Int { 4 * (tokens.capacity + previous.capacity + heads.capacity) }

    /// Makes room for so many more tokens, which take no memory then.
    mutating func reserve(_ more: Int) {
        let whole = tokens.count + more
        tokens.reserveCapacity(whole)
        previous.reserveCapacity(whole)
        widen(to: whole)
    }

    /// The end of the row by itself.
    func latest(_ count: Int) -> LookupIndex {
        var index = LookupIndex()
        index.append(contentsOf: tokens.suffix(count))
        return index
    }

    /// Adds the next token of the row, or a gap.
    mutating func append(_ token: Int32) {
        // A draft that was right goes on where it came from, although nearer places may agree in the last two tokens.
        source = source.flatMap { $0 + 1 < tokens.count && tokens[$0 + 1] == token ? $0 + 1 : nil }
        tokens.append(token)
        widen(to: tokens.count)
        link(tokens.count - 1)
    }

    /// Adds tokens, one after the other.
    mutating func append(contentsOf more: some Sequence<Int32>) { for token in more { append(token) } }

    /// The likeliest continuation of the row: behind the place where most of the last tokens agree, the latest of those.
    ///
    /// A place so near that its continuation reaches the end of the row stands for a repetition, which goes on.
    ///
    /// - Parameter most: tokens at most.
    mutating func continuation(most: Int) -> Found? {
        var draft: [Int32] = []
        return continuation(most: most, into: &draft).map { Found(matched: $0, tokens: draft) }
    }

    /// The same, in the memory of a list; the result is how many of the last tokens say so.
    mutating func continuation(most: Int, into draft: inout [Int32]) -> Int? {
        draft.removeAll(keepingCapacity: true)
        let last = tokens.count - 1
        guard most > 0, last >= Self.fewestMatched else { return nil }
        var best: (place: Int, matched: Int)?
        if let source { consider(source, last, &best) }
        var place = Int(previous[last])
        for _ in 0..<Self.mostPlaces where place >= 0 {
            consider(place, last, &best)
            place = Int(previous[place])
        }
        guard let best else { return nil }
        source = best.place
        let period = last - best.place
        for offset in 1...most {
            let place = best.place + offset
            let token = place < tokens.count ? tokens[place] : draft[offset - 1 - period]
            if token == Self.gap { break }
            draft.append(token)
        }
        return best.matched
    }

    private func consider(_ place: Int, _ last: Int, _ best: inout (place: Int, matched: Int)?) {
        guard tokens[place + 1] != Self.gap else { return }
        let matched = matched(place, last)
        if matched >= Self.fewestMatched, matched > best?.matched ?? 0 { best = (place, matched) }
    }

    /// How many tokens up to one place are those up to another.
    private func matched(_ place: Int, _ other: Int) -> Int {
        var count = 0
        while count < Self.mostMatched, place >= count, tokens[place - count] == tokens[other - count],
            tokens[place - count] != Self.gap
        {
            count += 1
        }
        return count
    }

    private mutating func link(_ place: Int) {
        guard place > 0, tokens[place] != Self.gap, tokens[place - 1] != Self.gap else { return previous.append(-1) }
        let slot = hash(place)
        previous.append(heads[slot])
        heads[slot] = Int32(place)
    }

    /// A table of so many slots or more, so that chains stay short.
    private mutating func widen(to slots: Int) {
        guard slots > heads.count else { return }
        var wide = max(heads.count, 16)
        while wide < slots { wide *= 2 }
        heads = Array(repeating: -1, count: wide)
        let linked = previous.count
        previous.removeAll(keepingCapacity: true)
        for place in 0..<linked { link(place) }
    }

    private func hash(_ place: Int) -> Int {
        let pair = UInt64(UInt32(bitPattern: tokens[place - 1])) << 32 | UInt64(UInt32(bitPattern: tokens[place]))
        return Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> 32) & (heads.count - 1)
    }
}
