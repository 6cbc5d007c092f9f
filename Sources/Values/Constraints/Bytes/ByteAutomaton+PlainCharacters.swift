/// What any plain character does in a state: all but `"`, `\`, controls, and the separators U+2028 and U+2029.
///
/// Texts may hold any of them, and most of a vocabulary consists of nothing else.
enum PlainStep: Equatable {
    /// All lead to the same state.
    case to(Int32)
    /// None is allowed.
    case none
    case mixed
}

extension ByteAutomaton {
    /// How many plain characters may follow, whichever they are, and whether it is sure that no more may.
    ///
    /// Counted up to `limit`.
    func plainReach(_ state: Int32, limit: Int) -> (count: Int, isExact: Bool) {
        if isEndless(expressions[Int(state)]) { return (limit, true) }
        if let count = countedReach(state) { return (min(count, limit), true) }
        var place = state
        var count = 0
        while count < limit {
            switch plainStep(place) {
            case .to(place): return (limit, true)
            case .to(let next): (place, count) = (next, count + 1)
            case .none: return (count, true)
            case .mixed: return (count, false)
            }
        }
        return (count, true)
    }

    /// Whether every text of plain characters is the beginning of a string of an expression, as far as its form says so.
    ///
    /// It spares a look at each token where texts are not quite free: names that others have, patterns that match
    /// anywhere, a text beside listed ones.
    private func isEndless(_ id: ExpressionID) -> Bool {
        let node = arena[id]
        switch node.kind {
        case .nothing, .empty, .bytes, .literal, .rule, .both: return false
        case .sequence, .except: return isEndless(node.a)
        case .choice:
            // Choices stand inside one another where brackets may be read in several ways.
            if let known = endless[id] { return known }
            let answer = arena.members(node).contains { isEndless($0) }
            endless[id] = answer
            return answer
        case .repetition:
            return node.c < 0 && plainStep(self.state(of: node.a)) == .to(self.state(of: ExpressionArena.empty))
        }
    }

    /// Where a state repeats one character of a set, and nothing plain may follow: that repetition without an end, and
    /// how many characters there may be.
    func characterClass(_ state: Int32) -> (endless: ExpressionID, count: Int)? {
        let node = arena[expressions[Int(state)]]
        let (head, tail) = node.kind == .sequence ? (arena[node.a], node.b) : (node, ExpressionArena.empty)
        guard head.kind == .repetition, arena.isCharacter(head.a), plainStep(self.state(of: tail)) == .none else {
            return nil
        }
        return (endlessRepetition(of: head.a), head.c < 0 ? Int.max : Int(head.c))
    }

    /// The same for a repetition of characters of which any may be plain, read off without a step for each.
    private func countedReach(_ state: Int32) -> Int? {
        let node = arena[expressions[Int(state)]]
        let (head, tail) = node.kind == .sequence ? (arena[node.a], node.b) : (node, ExpressionArena.empty)
        guard head.kind == .repetition else { return nil }
        let end = self.state(of: ExpressionArena.empty)
        guard plainStep(self.state(of: head.a)) == .to(end), plainStep(end) == .none,
            plainStep(self.state(of: tail)) == .none
        else { return nil }
        return head.c < 0 ? Int.max : Int(head.c)
    }

    private func plainStep(_ state: Int32) -> PlainStep {
        if let known = plainSteps[state] { return known }
        let step = findPlainStep(state)
        plainSteps[state] = step
        return step
    }

    private func findPlainStep(_ state: Int32) -> PlainStep {
        let target = next(state, 0x20)
        for byte in UInt8(0x21)...0x7F where byte != 0x22 && byte != 0x5C && next(state, byte) != target {
            return .mixed
        }
        for (lead, tails) in Self.leads {
            for byte in lead {
                var place = next(state, byte)
                if target < 0 {
                    if place >= 0 { return .mixed }
                    continue
                }
                for tail in tails {
                    guard place >= 0, let common = commonStep(place, tail) else { return .mixed }
                    place = common
                }
                if place != target { return .mixed }
            }
        }
        return target < 0 ? .none : .to(target)
    }

    private func commonStep(_ state: Int32, _ bytes: ClosedRange<UInt8>) -> Int32? {
        let target = next(state, bytes.lowerBound)
        for byte in bytes where next(state, byte) != target { return nil }
        return target
    }

    /// UTF-8's leading bytes with the bytes that follow each.
    private static let leads: [(ClosedRange<UInt8>, [ClosedRange<UInt8>])] = {
        let tail: ClosedRange<UInt8> = 0x80...0xBF
        return [
            (0xC2...0xDF, [tail]),
            (0xE0...0xE0, [0xA0...0xBF, tail]), (0xE1...0xE1, [tail, tail]),
            // The separators are among E2 80 A8 … A9.
            (0xE2...0xE2, [0x80...0x80, 0x80...0xA7]), (0xE2...0xE2, [0x80...0x80, 0xAA...0xBF]),
            (0xE2...0xE2, [0x81...0xBF, tail]),
            (0xE3...0xEC, [tail, tail]), (0xED...0xED, [0x80...0x9F, tail]), (0xEE...0xEF, [tail, tail]),
            (0xF0...0xF0, [0x90...0xBF, tail, tail]), (0xF1...0xF3, [tail, tail, tail]),
            (0xF4...0xF4, [0x80...0x8F, tail, tail]),
        ]
    }()
}
