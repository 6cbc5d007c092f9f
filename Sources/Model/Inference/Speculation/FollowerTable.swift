/// What followed the last 1, 2, 4, 8 and 16 tokens when they came before: guesses that cost no model.
///
/// Of what followed one token is known, the one that came most of late, and how often it came in a row or nearly so. A token
/// costs the same however long the texts are: five places in a table, which is 60 to 160 bytes where nothing comes twice.
///
/// - SeeAlso: Cleary and Witten, *Data Compression Using Adaptive Coding and Partial String Matching*, 1984; Seznec and
///   Michaud, *A Case for (Partially) Tagged Geometric History Length Branch Prediction*, 2006, whose lengths and counters
///   these are.
struct FollowerTable: Sendable {
    /// What followed certain tokens.
    struct Follower: Equatable, Sendable {
        var token: Int32
        /// How often it came, less what others take from it.
        var times: UInt8 = 1
        /// Whether something else has followed as well.
        var hasOthers = false

        /// Beyond it nobody counts, so that what has changed is soon believed.
        static let mostTimes: UInt8 = 7

        /// The same tokens have come again, and this behind them.
        mutating func note(_ other: Int32) {
            if other == token { return times = min(times + 1, Self.mostTimes) }
            hasOthers = true
            times /= 2
            if times == 0 { (token, times) = (other, 1) }
        }
    }

    private struct Slot: Sendable {
        var name: UInt32 = 0
        /// Never came, where the slot is free.
        var follower = Follower(token: 0, times: 0)
    }

    /// An open hash table; names stand from where their low bits say.
    private var slots: [Slot] = []
    private var used = 0
    /// Tokens that were noted.
    private(set) var tokenCount = 0

    init() {}

    /// Bytes that the table takes.
    var byteCount: Int { slots.capacity * MemoryLayout<Slot>.stride }

    /// Makes room for so many more tokens, which take no memory then.
    mutating func reserve(_ tokens: Int) { widen(used + TextEnd.lengths * tokens) }

    /// What followed the tokens of that name.
    subscript(name: UInt32) -> Follower? {
        guard !slots.isEmpty, case let slot = slots[place(of: name)], slot.follower.times > 0 else { return nil }
        return slot.follower
    }

    /// A text goes on.
    ///
    /// - Parameters:
    ///   - contexts: of the text before the token.
    ///   - older: what is known of them where this table knows nothing.
    mutating func note(_ token: Int32, after contexts: TextEnd.Contexts, older: FollowerTable? = nil) {
        tokenCount += 1
        widen(used + contexts.count)
        for number in 0..<contexts.count {
            let name = contexts[number]
            let place = place(of: name)
            if slots[place].follower.times > 0 {
                slots[place].follower.note(token)
                continue
            }
            used += 1
            var follower = older?[name]
            follower?.note(token)
            slots[place] = Slot(name: name, follower: follower ?? Follower(token: token))
        }
    }

    /// The slot that has the name, or the free one where it belongs.
    private func place(of name: UInt32) -> Int {
        let mask = slots.count - 1
        var place = Int(name) & mask
        while slots[place].follower.times > 0, slots[place].name != name { place = (place + 1) & mask }
        return place
    }

    /// A table of which so many slots are three quarters at most.
    private mutating func widen(_ wanted: Int) {
        guard 4 * wanted > 3 * slots.count else { return }
        var wide = max(slots.count, 64)
        while 4 * wanted > 3 * wide { wide *= 2 }
        let before = slots
        slots = Array(repeating: Slot(), count: wide)
        for slot in before where slot.follower.times > 0 { slots[place(of: slot.name)] = slot }
    }
}
