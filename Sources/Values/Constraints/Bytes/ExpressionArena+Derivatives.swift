extension ExpressionArena {
    /// From here on derivatives are kept: what begins an expression was often met by itself, a level above.
    private static let high = 8
    private static let mostKept = 100_000

    /// What may follow `byte` at the start of an expression.
    ///
    /// - Parameter same: narrowed to bytes that all have this derivative; `byte` is among them.
    mutating func derivative(_ id: ExpressionID, by byte: UInt8, same: inout ByteSet) -> ExpressionID {
        guard heights[Int(id)] >= Self.high else { return part(id, by: byte, same: &same) }
        let key = UInt64(id) << 8 | UInt64(byte)
        if let known = memory[key] {
            same.formIntersection(known.same)
            return known.derivative
        }
        var own = ByteSet.all
        let result = part(id, by: byte, same: &own)
        if memory.count >= Self.mostKept { memory.removeAll() }
        memory[key] = (result, own)
        same.formIntersection(own)
        return result
    }

    private mutating func part(_ id: ExpressionID, by byte: UInt8, same: inout ByteSet) -> ExpressionID {
        steps += 1
        let node = self[id]
        switch node.kind {
        case .nothing, .empty: return Self.nothing
        case .bytes:
            let set = sets[Int(node.a)]
            if set.contains(byte) {
                same.formIntersection(set)
                return Self.empty
            }
            same.subtract(set)
            return Self.nothing
        case .literal:
            let first = texts[Int(node.a)][Int(node.b)]
            if first == byte {
                same = ByteSet(byte...byte)
                return shortened(node)
            }
            same.remove(first)
            return Self.nothing
        case .sequence:
            let first = derivative(node.a, by: byte, same: &same)
            let result = continued(first, node.b)
            guard self[node.a].isNullable else { return result }
            return choice(result, derivative(node.b, by: byte, same: &same))
        case .choice:
            var parts: [ExpressionID] = []
            for index in Int(node.a)..<Int(node.a + node.b) {
                let part = derivative(lists[index], by: byte, same: &same)
                if part != Self.nothing { parts.append(part) }
            }
            return parts.count == 1 ? parts[0] : choice(parts)
        case .repetition:
            let first = derivative(node.a, by: byte, same: &same)
            if first == Self.nothing { return first }
            let rest = repetition(node.a, max(0, Int(node.b) - 1), node.c < 0 ? nil : Int(node.c) - 1)
            return continued(first, rest)
        case .rule: return derivative(rules[Int(node.a)], by: byte, same: &same)
        case .both:
            let first = derivative(node.a, by: byte, same: &same)
            return first == Self.nothing ? first : both(first, derivative(node.b, by: byte, same: &same))
        case .except:
            let first = derivative(node.a, by: byte, same: &same)
            return first == Self.nothing ? first : except(first, derivative(node.b, by: byte, same: &same))
        }
    }

    private mutating func continued(_ first: ExpressionID, _ rest: ExpressionID) -> ExpressionID {
        let id = sequence(first, rest)
        return heights[Int(id)] <= mostHeight ? id : Self.nothing
    }

    /// Whether `bytes` is among the strings of an expression.
    mutating func matches(_ id: ExpressionID, _ bytes: some Sequence<UInt8>) -> Bool {
        var state = id
        for byte in bytes {
            var same = ByteSet.all
            state = derivative(state, by: byte, same: &same)
            if state == Self.nothing { return false }
        }
        return self[state].isNullable
    }

    /// The different derivatives of an expression.
    mutating func successors(_ id: ExpressionID) -> Set<ExpressionID> {
        var rest = ByteSet.all
        var found: Set<ExpressionID> = []
        while let byte = rest.first {
            var same = rest
            found.insert(derivative(id, by: byte, same: &same))
            rest.subtract(same)
        }
        found.remove(Self.nothing)
        return found
    }

    /// What exploring may cost in an arena, however few the states are.
    private static let mostSteps = 4_000_000
    private static let mostParts = 2_000_000

    /// Visits all states of a regular expression, and lets those die that cannot come to an end.
    ///
    /// - Parameter budget: states that may still be visited; lessened by those that were.
    /// - Returns: the expression, `nothing` if it has no strings; `nil` if there are more states than the budget.
    mutating func explore(_ id: ExpressionID, budget: inout Int) -> ExpressionID? {
        var order = [id]
        var predecessors: [ExpressionID: [ExpressionID]] = [id: []]
        var index = 0
        while index < order.count {
            let state = order[index]
            index += 1
            budget -= 1
            if budget < 0 || steps > Self.mostSteps || size > Self.mostParts {
                giveUp()
                return nil
            }
            for next in successors(state) {
                if predecessors[next] == nil { order.append(next) }
                predecessors[next, default: []].append(state)
            }
        }
        var alive = Set(order.filter { self[$0].isNullable })
        var open = Array(alive)
        while let state = open.popLast() {
            for earlier in predecessors[state] ?? [] where alive.insert(earlier).inserted { open.append(earlier) }
        }
        dead.formUnion(order.lazy.filter { !alive.contains($0) })
        return alive.contains(id) ? id : Self.nothing
    }

    /// Takes an expression over from another arena that has the same rules.
    mutating func adopt(_ id: ExpressionID, from other: ExpressionArena) -> ExpressionID {
        var known: [ExpressionID: ExpressionID] = [Self.nothing: Self.nothing, Self.empty: Self.empty]
        // A stack of our own, as the tail of a sequence is as long as an answer is deep.
        var open = [id]
        while let next = open.last {
            let missing = other.parts(next).filter { known[$0] == nil }
            if known[next] != nil || missing.isEmpty {
                open.removeLast()
                if known[next] == nil { known[next] = rebuilt(other, next, known) }
            } else {
                open += missing
            }
        }
        return known[id] ?? Self.nothing
    }

    private func parts(_ id: ExpressionID) -> [ExpressionID] {
        let node = self[id]
        switch node.kind {
        case .nothing, .empty, .bytes, .literal, .rule: return []
        case .repetition: return [node.a]
        case .sequence, .both, .except: return [node.a, node.b]
        case .choice: return Array(members(node))
        }
    }

    private mutating func rebuilt(
        _ other: ExpressionArena,
        _ id: ExpressionID,
        _ known: [ExpressionID: ExpressionID]
    ) -> ExpressionID {
        let node = other[id]
        let parts = other.parts(id).map { known[$0] ?? Self.nothing }
        switch node.kind {
        case .nothing, .empty: return id
        case .bytes: return bytes(other.sets[Int(node.a)])
        case .literal:
            var result = literal(other.texts[Int(node.a)])
            for _ in 0..<node.b { result = shortened(self[result]) }
            return result
        case .rule: return rule(Int(node.a))
        case .repetition: return repetition(parts[0], Int(node.b), node.c < 0 ? nil : Int(node.c))
        case .sequence: return sequence(parts[0], parts[1])
        case .both: return both(parts[0], parts[1])
        case .except: return except(parts[0], parts[1])
        case .choice: return choice(parts)
        }
    }
}
