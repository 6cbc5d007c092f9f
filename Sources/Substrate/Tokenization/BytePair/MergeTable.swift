/// The merges of a byte-pair vocabulary: which two neighbouring tokens join, into which, and how early.
///
/// An open-addressing table from the pair of ids to (rank, joined id), 16 bytes a slot: a look-up is one cache line
/// nearly always, and there is one for every pair of neighbours that is ever looked at.
struct MergeTable: Sendable {
    struct Merge: Sendable, Equatable {
        /// The place in the list of merges; lower ones are applied first.
        var rank: UInt32
        var joined: Int32
    }

    private struct Slot {
        var pair: UInt64
        var merge: Merge
    }

    private static let free = UInt64.max
    private var slots: [Slot]
    private let mask: Int

    /// An empty table with room for `count` merges.
    init(count: Int) {
        var capacity = 16
        while capacity < count + count / 2 { capacity *= 2 }
        slots = Array(repeating: Slot(pair: Self.free, merge: Merge(rank: 0, joined: 0)), count: capacity)
        mask = capacity - 1
    }

    /// Adds a merge; a pair that is there already takes the later rank, as in the reference.
    mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
        let pair = Self.pair(left, right)
        var index = Self.home(pair) & mask
        while slots[index].pair != Self.free, slots[index].pair != pair { index = (index + 1) & mask }
        slots[index] = Slot(pair: pair, merge: merge)
    }

    /// How `left` and `right` join, or `nil` if they do not.
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Merge? {
        let pair = Self.pair(left, right)
        var index = Self.home(pair) & mask
        while true {
            let slot = slots[index]
            if slot.pair == pair { return slot.merge }
            if slot.pair == Self.free { return nil }
            index = (index + 1) & mask
        }
    }

    /// Ids are never negative, so that no pair is all ones.
    @inline(__always)
    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func home(_ pair: UInt64) -> Int {
        let mixed = pair &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed ^ (mixed >> 32))
    }
}
