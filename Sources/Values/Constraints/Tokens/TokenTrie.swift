/// The bytes of tokens as a tree in the order of a walk, so that what an automaton does not allow is left out in one
/// step.
struct TokenTrie: Sendable {
    private var bytes: [UInt8] = []
    /// Of each node: the number of bytes before its own, the token that ends there or -1, and where its subtree ends.
    private var depths: [Int32] = []
    private var tokens: [Int32] = []
    private var ends: [Int32] = []
    /// Tokens of the same bytes as another one, by that one.
    private var twins: [Int32: [Int32]] = [:]
    private var deepest = 0

    /// - Parameter tokens: in the order of their bytes, none without any.
    init(_ tokens: [(id: Int32, bytes: ArraySlice<UInt8>)]) {
        var open: [Int] = []
        var last: ArraySlice<UInt8> = []
        for (id, token) in tokens {
            var shared = 0
            for (own, other) in zip(token, last) {
                if own != other { break }
                shared += 1
            }
            if shared == token.count, shared == last.count, let node = open.last {
                twins[self.tokens[node], default: []].append(id)
                continue
            }
            while open.count > shared { ends[open.removeLast()] = Int32(bytes.count) }
            for (offset, byte) in token.dropFirst(shared).enumerated() {
                open.append(bytes.count)
                bytes.append(byte)
                depths.append(Int32(shared + offset))
                self.tokens.append(-1)
                ends.append(0)
            }
            self.tokens[bytes.count - 1] = id
            deepest = max(deepest, token.count)
            last = token
        }
        while let node = open.popLast() { ends[node] = Int32(bytes.count) }
    }

    /// Adds the tokens that may follow in `state`.
    func insertTokens(after state: Int32, of automaton: ByteAutomaton, into mask: inout TokenMask) {
        mask.words.withUnsafeMutableBufferPointer { words in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: deepest + 1) { path in
                path[0] = state
                walk(automaton, path, words)
            }
        }
    }

    private func walk(
        _ automaton: ByteAutomaton,
        _ path: UnsafeMutableBufferPointer<Int32>,
        _ words: UnsafeMutableBufferPointer<UInt64>
    ) {
        bytes.withUnsafeBufferPointer { bytes in
            depths.withUnsafeBufferPointer { depths in
                tokens.withUnsafeBufferPointer { tokens in
                    ends.withUnsafeBufferPointer { ends in
                        var node = 0
                        while node < bytes.count {
                            let depth = Int(depths[node])
                            let next = automaton.next(path[depth], bytes[node])
                            if next < 0 {
                                node = Int(ends[node])
                                continue
                            }
                            path[depth + 1] = next
                            let token = tokens[node]
                            if token >= 0 { insert(token, into: words) }
                            node += 1
                        }
                    }
                }
            }
        }
    }

    @inline(__always)
    private func insert(_ token: Int32, into words: UnsafeMutableBufferPointer<UInt64>) {
        words[Int(token) >> 6] |= 1 << UInt64(token & 63)
        if twins.isEmpty { return }
        for twin in twins[token] ?? [] { words[Int(twin) >> 6] |= 1 << UInt64(twin & 63) }
    }
}
