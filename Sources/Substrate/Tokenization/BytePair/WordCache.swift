/// The tokens of words met before, keyed by their bytes; bounded, and emptied when it is full.
///
/// Text repeats its words, and a hit costs a hash and a comparison in place of some twenty merges.
struct WordCache: Sendable {
    /// Longer words are rare and would fill the arenas.
    static let longestWord = 64
    private static let slotCount = 1 << 16
    /// Slots that are looked at before a word counts as unknown.
    private static let probes = 8

    private struct Slot {
        var hash: UInt64 = 0
        var wordStart: UInt32 = 0
        var idStart: UInt32 = 0
        /// 0 in a free slot: there is no empty word.
        var wordCount: UInt8 = 0
        var idCount: UInt8 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: slotCount)
    private var words: [UInt8] = []
    private var ids: [Int32] = []
    private var used = 0

    /// Appends the tokens of `word` if they are known.
    @inline(__always)
    func append(_ word: UnsafeBufferPointer<UInt8>, hash: UInt64, to result: inout [Int32]) -> Bool {
        for probe in 0..<Self.probes {
            let slot = slots[Self.index(hash, probe)]
            if slot.wordCount == 0 { return false }
            if slot.hash == hash, Int(slot.wordCount) == word.count, isWord(word, at: Int(slot.wordStart)) {
                if slot.idCount == 1 {
                    result.append(ids[Int(slot.idStart)])
                } else {
                    result.append(contentsOf: ids[Int(slot.idStart)..<Int(slot.idStart) + Int(slot.idCount)])
                }
                return true
            }
        }
        return false
    }

    /// Remembers that `word` has the tokens `tokens`; does nothing where its slots are taken.
    mutating func insert(_ word: UnsafeBufferPointer<UInt8>, hash: UInt64, tokens: ArraySlice<Int32>) {
        if used >= Self.slotCount / 2 { removeAll() }
        for probe in 0..<Self.probes {
            let index = Self.index(hash, probe)
            guard slots[index].wordCount == 0 else { continue }
            slots[index] = Slot(
                hash: hash,
                wordStart: UInt32(words.count),
                idStart: UInt32(ids.count),
                wordCount: UInt8(word.count),
                idCount: UInt8(tokens.count)
            )
            words.append(contentsOf: word)
            ids.append(contentsOf: tokens)
            used += 1
            return
        }
    }

    private mutating func removeAll() {
        for index in slots.indices { slots[index].wordCount = 0 }
        words.removeAll(keepingCapacity: true)
        ids.removeAll(keepingCapacity: true)
        used = 0
    }

    @inline(__always)
    private static func index(_ hash: UInt64, _ probe: Int) -> Int {
        (Int(truncatingIfNeeded: hash) &+ probe) & (slotCount - 1)
    }

    @inline(__always)
    private func isWord(_ word: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        for index in 0..<word.count where words[start + index] != word[index] { return false }
        return true
    }
}
