/// The bytes of tokens as a tree in the order of a walk, so that what an automaton does not allow is left out in one
/// step.
struct TokenTrie: Sendable {
    private struct Node {
        var byte: UInt8
        /// Bytes before its own.
        var depth: Int32
        /// The token that ends there, or -1.
        var token: Int32
        /// Where its subtree ends.
        var end: Int32
    }

    private var nodes: [Node] = []
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
                twins[nodes[node].token, default: []].append(id)
                continue
            }
            while open.count > shared { nodes[open.removeLast()].end = Int32(nodes.count) }
            for (offset, byte) in token.dropFirst(shared).enumerated() {
                open.append(nodes.count)
                nodes.append(Node(byte: byte, depth: Int32(shared + offset), token: -1, end: 0))
            }
            nodes[nodes.count - 1].token = id
            deepest = max(deepest, token.count)
            last = token
        }
        while let node = open.popLast() { nodes[node].end = Int32(nodes.count) }
    }

    /// Adds the tokens that may follow in `state`.
    func insertTokens(after state: Int32, of automaton: ByteAutomaton, into mask: inout TokenMask) {
        mask.words.withUnsafeMutableBufferPointer { words in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: deepest + 1) { path in
                path[0] = state
                nodes.withUnsafeBufferPointer { walk($0, automaton, path, words) }
            }
        }
    }

    private func walk(
        _ nodes: UnsafeBufferPointer<Node>,
        _ automaton: ByteAutomaton,
        _ path: UnsafeMutableBufferPointer<Int32>,
        _ words: UnsafeMutableBufferPointer<UInt64>
    ) {
        let hasTwins = !twins.isEmpty
        var place = 0
        while place < nodes.count {
            let node = nodes[place]
            let next = automaton.next(path[Int(node.depth)], node.byte)
            if next < 0 {
                place = Int(node.end)
                continue
            }
            path[Int(node.depth) + 1] = next
            place += 1
            guard node.token >= 0 else { continue }
            insert(node.token, into: words)
            if hasTwins { for twin in twins[node.token] ?? [] { insert(twin, into: words) } }
        }
    }

    @inline(__always)
    private func insert(_ token: Int32, into words: UnsafeMutableBufferPointer<UInt64>) {
        words[Int(token) >> 6] |= 1 << UInt64(token & 63)
    }

    /// The longest token that a text begins with, and its bytes.
    func longestToken(startingLike text: ArraySlice<UInt8>) -> (id: Int32, count: Int)? {
        var best: (id: Int32, count: Int)?
        var (place, end) = (0, nodes.count)
        for (depth, byte) in text.enumerated() {
            while place < end, nodes[place].byte != byte { place = Int(nodes[place].end) }
            guard place < end else { break }
            if nodes[place].token >= 0 { best = (nodes[place].token, depth + 1) }
            (place, end) = (place + 1, Int(nodes[place].end))
        }
        return best
    }
}
