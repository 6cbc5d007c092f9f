/// What an expression says by its form.
extension ExpressionArena {
    /// The first byte of an expression that begins with a literal.
    func literalByte(_ id: ExpressionID) -> UInt8? {
        let node = self[id].kind == .sequence ? self[self[id].a] : self[id]
        return node.kind == .literal ? texts[Int(node.a)][Int(node.b)] : nil
    }

    /// Whether an expression stands for single characters, as UTF-8 writes them, and nothing else but escapes.
    func isCharacter(_ id: ExpressionID) -> Bool {
        let node = self[id]
        if node.kind == .choice { return members(node).allSatisfy { isEncoding($0) } }
        return isEncoding(id)
    }

    /// Whether an expression is one sequence of bytes of a character, of which the first says how many there are, or
    /// an escape.
    private func isEncoding(_ id: ExpressionID) -> Bool {
        var count = 1
        var node = self[id]
        if node.kind == .literal, texts[Int(node.a)][Int(node.b)] == UInt8(ascii: "\\") { return true }
        while node.kind == .sequence {
            guard let set = set(self[node.a]), set.isSubset(of: count == 1 ? .all : Self.tails) else { return false }
            (count, node) = (count + 1, self[node.b])
        }
        guard let last = set(node), count == 1 || last.isSubset(of: Self.tails) else { return false }
        let first = self[id].kind == .sequence ? set(self[self[id].a]) : last
        return count <= 4 && first?.isSubset(of: Self.leads[count - 1]) == true
    }

    /// The bytes that a node of one byte stands for.
    private func set(_ node: Node) -> ByteSet? {
        switch node.kind {
        case .bytes: sets[Int(node.a)]
        case .literal where Int(node.b) + 1 == texts[Int(node.a)].count: ByteSet([texts[Int(node.a)][Int(node.b)]])
        default: nil
        }
    }

    private static let tails = ByteSet(0x80...0xBF)
    private static let leads = [
        ByteSet(0...0x7F), ByteSet(0xC2...0xDF), ByteSet(0xE0...0xEF), ByteSet(0xF0...0xF4),
    ]
}
