/// A bit for each token: whether it is allowed.
package struct TokenMask: Equatable, Sendable {
    /// Token i is bit i % 64 of word i / 64.
    package internal(set) var words: [UInt64]

    package init(vocabulary: Int) { words = [UInt64](repeating: 0, count: (vocabulary + 63) / 64) }

    package subscript(token: Int32) -> Bool {
        let word = Int(token) >> 6
        return token >= 0 && word < words.count && words[word] >> UInt64(token & 63) & 1 != 0
    }

    package mutating func insert(_ token: Int32) { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }

    mutating func formIntersection(_ other: TokenMask) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// The tokens, by rising id.
    package var tokens: [Int32] {
        var tokens: [Int32] = []
        for (index, word) in words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                tokens.append(Int32(index * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return tokens
    }
}

/// The masks of states that were asked for lately.
struct MaskMemory {
    private let capacity: Int
    private var masks: [Int32: TokenMask] = [:]
    private var order: [Int32] = []
    private var oldest = 0

    init(capacity: Int = 256) { self.capacity = capacity }

    subscript(state: Int32) -> TokenMask? { masks[state] }

    mutating func keep(_ mask: TokenMask, of state: Int32) {
        if order.count < capacity {
            order.append(state)
        } else {
            masks[order[oldest]] = nil
            order[oldest] = state
            oldest = (oldest + 1) % capacity
        }
        masks[state] = mask
    }
}
