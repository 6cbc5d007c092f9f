/// The automaton of an expression, built as far as it is walked: states are expressions, rows of 256 next states.
///
/// What it answers is a function of the expression alone; that states are kept and forgotten shows in nothing but time.
final class ByteAutomaton {
    static let deadEnd: Int32 = -1
    private static let unknown: Int32 = -2
    /// States after which a call starts over with the expression that it stands at: 1 KiB each.
    static let mostStates = 24_576

    private let origin: ExpressionArena
    private(set) var arena: ExpressionArena
    private(set) var expressions: [ExpressionID] = []
    /// The state of each expression, or -1.
    private var states: [Int32] = []
    private var rows: UnsafeMutablePointer<Int32>
    private var capacity = 64
    var plainSteps: [Int32: PlainStep] = [:]
    /// Choices of which it is known whether any plain text may follow.
    var endless: [ExpressionID: Bool] = [:]
    var masks = MaskMemory()
    /// Plain tokens of characters of a set, by the expression that repeats them.
    var classMasks = MaskMemory(capacity: 16)
    let start: Int32 = 0

    convenience init(_ arena: ExpressionArena, _ root: ExpressionID) { self.init(origin: arena, arena, root) }

    /// A fresh automaton that starts where `state` of this one is.
    func startingOver(at state: Int32) -> ByteAutomaton {
        var fresh = origin
        let id = fresh.adopt(expressions[Int(state)], from: arena)
        return ByteAutomaton(origin: origin, fresh, id)
    }

    private init(origin: ExpressionArena, _ arena: ExpressionArena, _ root: ExpressionID) {
        self.origin = origin
        self.arena = arena
        rows = .allocate(capacity: 64 * 256)
        _ = state(of: root)
    }

    deinit { rows.deallocate() }

    var count: Int { expressions.count }
    var isFull: Bool { count > Self.mostStates || arena.size > origin.size + 2_000_000 }

    func isWhole(_ state: Int32) -> Bool { arena[expressions[Int(state)]].isNullable }

    @inline(__always)
    func next(_ state: Int32, _ byte: UInt8) -> Int32 {
        let known = rows[Int(state) << 8 | Int(byte)]
        return known != Self.unknown ? known : fill(state, byte)
    }

    /// The state behind some bytes, or `deadEnd`.
    func next(_ state: Int32, _ bytes: some Sequence<UInt8>) -> Int32 {
        var state = state
        for byte in bytes {
            state = next(state, byte)
            if state < 0 { return Self.deadEnd }
        }
        return state
    }

    /// The only byte that may follow, if there is just one and the text is not whole.
    func onlyByte(_ state: Int32) -> UInt8? {
        if isWhole(state) { return nil }
        if let byte = arena.literalByte(expressions[Int(state)]) { return byte }
        var found: UInt8?
        for byte in UInt8.min...UInt8.max where next(state, byte) >= 0 {
            if found != nil { return nil }
            found = byte
        }
        return found
    }

    /// Whether the text is whole and nothing may follow.
    func isOver(_ state: Int32) -> Bool { expressions[Int(state)] == ExpressionArena.empty }

    func endlessRepetition(of id: ExpressionID) -> ExpressionID { arena.repetition(id, 0, nil) }

    private func fill(_ state: Int32, _ byte: UInt8) -> Int32 {
        var same = ByteSet.all
        let id = arena.derivative(expressions[Int(state)], by: byte, same: &same)
        let target = id == ExpressionArena.nothing ? Self.deadEnd : self.state(of: id)
        let row = rows + Int(state) << 8
        same.forEach { row[$0] = target }
        return target
    }

    func state(of id: ExpressionID) -> Int32 {
        if states.count < arena.nodes.count {
            states.append(contentsOf: repeatElement(-1, count: arena.nodes.count * 3 / 2 + 64 - states.count))
        }
        if states[Int(id)] >= 0 { return states[Int(id)] }
        if expressions.count == capacity {
            let grown = UnsafeMutablePointer<Int32>.allocate(capacity: capacity * 2 * 256)
            grown.update(from: rows, count: capacity * 256)
            rows.deallocate()
            (rows, capacity) = (grown, capacity * 2)
        }
        let state = Int32(expressions.count)
        expressions.append(id)
        (rows + Int(state) << 8).update(repeating: Self.unknown, count: 256)
        states[Int(id)] = state
        return state
    }
}
