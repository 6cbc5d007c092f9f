/// The number of an expression in its arena; equal expressions have equal numbers.
typealias ExpressionID = Int32

/// Expressions over bytes, each kept once: regular ones, and rules by which they recurse.
///
/// An expression stands for a set of byte strings. What may follow a byte is again an expression, its derivative, so
/// that a state of the automaton is a number, and its stack, where a schema recurses, is the tail of a concatenation.
///
/// Every expression stands for at least one string, `nothing` excepted: constructors let `nothing` spread, and
/// intersections are explored before they are used (`explore`). So a text that has derivatives can be completed.
///
/// - SeeAlso: Brzozowski 1964; Owens, Reppy, Turon, *Regular-expression derivatives re-examined*, JFP 2009;
///   Might, Darais, Spiewak, *Parsing with Derivatives*, ICFP 2011.
struct ExpressionArena: Sendable {
    enum Kind: UInt8, Sendable {
        /// No string.
        case nothing
        /// The string without bytes.
        case empty
        /// One byte of `sets[a]`.
        case bytes
        /// `texts[a]` from its byte `b` on.
        case literal
        /// `a`, then `b`.
        case sequence
        /// One of `lists[a..<a + b]`.
        case choice
        /// `a`, from `b` to `c` times; `c` below 0 is any number.
        case repetition
        /// `rules[a]`, which may hold itself.
        case rule
        /// What both `a` and `b` stand for.
        case both
        /// What `a` stands for and `b` does not.
        case except
    }

    struct Node: Equatable, Sendable {
        var kind: Kind
        /// Whether the string without bytes is among its strings.
        var isNullable: Bool
        var a: Int32 = 0
        var b: Int32 = 0
        var c: Int32 = 0
    }

    static let nothing: ExpressionID = 0
    static let empty: ExpressionID = 1

    private(set) var nodes: [Node] = []
    private(set) var sets: [ByteSet] = []
    private(set) var texts: [[UInt8]] = []
    private(set) var lists: [ExpressionID] = []
    /// By expression: how many are inside one another where it begins.
    private(set) var heights: [UInt16] = []
    /// How many may be: nothing deeper is allowed.
    private(set) var mostHeight = UInt16.max - 1
    /// Derivatives of high expressions, by expression and byte.
    var memory: [UInt64: (derivative: ExpressionID, same: ByteSet)] = [:]
    /// The bodies of rules; none may begin with itself, and none stands for the string without bytes.
    var rules: [ExpressionID] = []
    /// Derivatives taken, parts of larger ones included.
    var steps = 0
    /// Whether something was left unexplored because it would have cost too much.
    private(set) var isExhausted = false
    /// Intersections that turned out to have no strings.
    var dead: Set<ExpressionID> = []
    private var setNumbers: [ByteSet: Int32] = [:]
    private var textNumbers: [[UInt8]: Int32] = [:]
    /// Open addressing by what a node holds: its number, or -1.
    private var slots = [Int32](repeating: -1, count: 1 << 10)

    init() {
        _ = intern(Node(kind: .nothing, isNullable: false))
        _ = intern(Node(kind: .empty, isNullable: true))
    }

    /// Numbers that the arena holds, as a measure of its memory.
    var size: Int { nodes.count + lists.count }

    @inline(__always)
    subscript(id: ExpressionID) -> Node { nodes[Int(id)] }

    func members(_ node: Node) -> ArraySlice<ExpressionID> { lists[Int(node.a)..<Int(node.a + node.b)] }

    mutating func giveUp() { isExhausted = true }

    /// Where a recursive schema reads the same brackets in several ways, expressions stand inside one another where they
    /// begin, a few more for each level, and each costs time in every step: from now on they get no higher than this.
    mutating func boundHeight(more: Int) {
        mostHeight = UInt16(clamping: Int(heights.max() ?? 0) + more)
        memory = [:]
    }

    // MARK: Constructors

    mutating func bytes(_ set: ByteSet) -> ExpressionID {
        if set.isEmpty { return Self.nothing }
        if setNumbers[set] == nil {
            setNumbers[set] = Int32(sets.count)
            sets.append(set)
        }
        return intern(Node(kind: .bytes, isNullable: false, a: setNumbers[set] ?? 0))
    }

    mutating func literal(_ text: some Sequence<UInt8>) -> ExpressionID {
        let text = Array(text)
        if text.isEmpty { return Self.empty }
        if textNumbers[text] == nil {
            textNumbers[text] = Int32(texts.count)
            texts.append(text)
        }
        return intern(Node(kind: .literal, isNullable: false, a: textNumbers[text] ?? 0))
    }

    /// What is left of a literal behind its first byte.
    mutating func shortened(_ node: Node) -> ExpressionID {
        if Int(node.b) + 1 == texts[Int(node.a)].count { return Self.empty }
        return intern(Node(kind: .literal, isNullable: false, a: node.a, b: node.b + 1))
    }

    /// `first`, then `second`; the first of a sequence is never one itself.
    mutating func sequence(_ first: ExpressionID, _ second: ExpressionID) -> ExpressionID {
        if first == Self.nothing || second == Self.nothing { return Self.nothing }
        if first == Self.empty { return second }
        if second == Self.empty { return first }
        let node = self[first]
        if node.kind == .sequence { return sequence(node.a, sequence(node.b, second)) }
        let isNullable = node.isNullable && self[second].isNullable
        return intern(Node(kind: .sequence, isNullable: isNullable, a: first, b: second))
    }

    mutating func sequence(_ parts: [ExpressionID]) -> ExpressionID {
        var result = Self.empty
        for part in parts.reversed() { result = sequence(part, result) }
        return result
    }

    mutating func choice(_ first: ExpressionID, _ second: ExpressionID) -> ExpressionID {
        if first == second || second == Self.nothing { return first }
        return first == Self.nothing ? second : choice([first, second])
    }

    /// One of `parts`: choices inside are taken apart, and sets of bytes are joined.
    mutating func choice(_ parts: [ExpressionID]) -> ExpressionID {
        var members: [ExpressionID] = []
        var set = ByteSet()
        for part in parts where part != Self.nothing {
            let node = self[part]
            switch node.kind {
            case .choice:
                for member in self.members(node) {
                    if self[member].kind == .bytes {
                        set.formUnion(sets[Int(self[member].a)])
                    } else {
                        members.append(member)
                    }
                }
            case .bytes: set.formUnion(sets[Int(node.a)])
            default: members.append(part)
            }
        }
        if !set.isEmpty { members.append(bytes(set)) }
        members.sort()
        var count = 0
        for member in members where count == 0 || members[count - 1] != member {
            members[count] = member
            count += 1
        }
        members.removeSubrange(count...)
        if members.count < 2 { return members.first ?? Self.nothing }
        return internChoice(members)
    }

    /// `body`, from `least` to `most` times; `nil` is any number.
    mutating func repetition(_ body: ExpressionID, _ least: Int, _ most: Int?) -> ExpressionID {
        let node = self[body]
        let least = node.isNullable ? 0 : least
        if let most, most < least { return Self.nothing }
        if body == Self.nothing { return least == 0 ? Self.empty : Self.nothing }
        if body == Self.empty || most == 0 { return Self.empty }
        if least == 1, most == 1 { return body }
        return intern(
            Node(kind: .repetition, isNullable: least == 0, a: body, b: Int32(least), c: Int32(most ?? -1))
        )
    }

    mutating func optional(_ body: ExpressionID) -> ExpressionID { choice(Self.empty, body) }

    mutating func rule(_ number: Int) -> ExpressionID {
        intern(Node(kind: .rule, isNullable: false, a: Int32(number)))
    }

    mutating func both(_ first: ExpressionID, _ second: ExpressionID) -> ExpressionID {
        if first == second { return first }
        if first == Self.nothing || second == Self.nothing { return Self.nothing }
        let isNullable = self[first].isNullable && self[second].isNullable
        if first == Self.empty || second == Self.empty { return isNullable ? Self.empty : Self.nothing }
        let (low, high) = (min(first, second), max(first, second))
        let id = intern(Node(kind: .both, isNullable: isNullable, a: low, b: high))
        return dead.contains(id) ? Self.nothing : id
    }

    /// What `first` stands for and `second` does not, where `first` goes on without end and `second` does not.
    mutating func except(_ first: ExpressionID, _ second: ExpressionID) -> ExpressionID {
        if first == Self.nothing || second == Self.nothing { return first }
        let isNullable = self[first].isNullable && !self[second].isNullable
        return intern(Node(kind: .except, isNullable: isNullable, a: first, b: second))
    }

    // MARK: Each once

    private static func hash(_ kind: Kind, _ a: Int32, _ b: Int32, _ c: Int32) -> Int {
        var hash = UInt64(kind.rawValue) &+ 0x9E37_79B9_7F4A_7C15
        for part in [a, b, c] {
            hash = (hash ^ UInt64(UInt32(bitPattern: part))) &* 0xBF58_476D_1CE4_E5B9
            hash ^= hash >> 29
        }
        return Int(truncatingIfNeeded: hash >> 1)
    }

    private mutating func intern(_ node: Node) -> ExpressionID {
        var slot = Self.hash(node.kind, node.a, node.b, node.c) & (slots.count - 1)
        while slots[slot] >= 0 {
            if nodes[Int(slots[slot])] == node { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return append(node, at: slot)
    }

    private mutating func internChoice(_ members: [ExpressionID]) -> ExpressionID {
        let sum = members.reduce(into: Int32(0)) { $0 = ($0 &* 31) &+ $1 }
        var slot = Self.hash(.choice, Int32(members.count), sum, 0) & (slots.count - 1)
        while slots[slot] >= 0 {
            let node = nodes[Int(slots[slot])]
            if node.kind == .choice, node.c == sum, self.members(node).elementsEqual(members) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        let isNullable = members.contains { self[$0].isNullable }
        let start = Int32(lists.count)
        lists.append(contentsOf: members)
        return append(
            Node(kind: .choice, isNullable: isNullable, a: start, b: Int32(members.count), c: sum),
            at: slot
        )
    }

    private mutating func append(_ node: Node, at slot: Int) -> ExpressionID {
        nodes.append(node)
        heights.append(height(node))
        slots[slot] = Int32(nodes.count - 1)
        if nodes.count * 2 > slots.count { rehash() }
        return Int32(nodes.count - 1)
    }

    private func height(_ node: Node) -> UInt16 {
        switch node.kind {
        case .nothing, .empty, .bytes, .literal, .rule: 0
        case .sequence, .repetition: heights[Int(node.a)] + 1
        case .both, .except: max(heights[Int(node.a)], heights[Int(node.b)]) + 1
        case .choice: (members(node).lazy.map { heights[Int($0)] }.max() ?? 0) + 1
        }
    }

    private mutating func rehash() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for (number, node) in nodes.enumerated() {
            var slot =
                node.kind == .choice
                ? Self.hash(.choice, node.b, node.c, 0) : Self.hash(node.kind, node.a, node.b, node.c)
            slot &= slots.count - 1
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(number)
        }
    }
}
