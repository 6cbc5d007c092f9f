/// The automaton of an expression, built as far as it is walked: states are expressions, rows of 256 next states.
///
/// What it answers is a function of the expression alone; that states are kept and forgotten shows in nothing but time.
final class ByteAutomaton {
    static let deadEnd: Int32 = -1
    private static let unknown: Int32 = -2
    /// States after which a call starts over with the expression that it stands at: 1 KiB each.
    static let mostStates = 24_576

    private let origin: ExpressionArena
    private var arena: ExpressionArena
    private var expressions: [ExpressionID] = []
    /// The state of each expression, or -1.
    private var states: [Int32] = []
    private var rows: UnsafeMutablePointer<Int32>
    private var capacity = 64
    private(set) var plainSteps: [Int32: PlainStep] = [:]
    var masks = MaskMemory()
    let start: Int32 = 0

    /// What any plain character does in a state.
    enum PlainStep: Equatable {
        /// All lead to the same state.
        case to(Int32)
        /// None is allowed.
        case none
        case mixed
    }

    init(_ arena: ExpressionArena, _ root: ExpressionID) {
        origin = arena
        self.arena = arena
        rows = .allocate(capacity: 64 * 256)
        _ = state(of: root)
    }

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
        var found: UInt8?
        for byte in UInt8.min...UInt8.max where next(state, byte) >= 0 {
            if found != nil { return nil }
            found = byte
        }
        return found
    }

    private func fill(_ state: Int32, _ byte: UInt8) -> Int32 {
        var same = ByteSet.all
        let id = arena.derivative(expressions[Int(state)], by: byte, same: &same)
        let target = id == ExpressionArena.nothing ? Self.deadEnd : self.state(of: id)
        let row = rows + Int(state) << 8
        same.forEach { row[$0] = target }
        return target
    }

    private func state(of id: ExpressionID) -> Int32 {
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

    // MARK: Plain characters

    /// What plain characters do: all but `"`, `\` and controls, which most of a vocabulary consists of.
    func plainStep(_ state: Int32) -> PlainStep {
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
            (0xE0...0xE0, [0xA0...0xBF, tail]), (0xE1...0xEC, [tail, tail]), (0xED...0xED, [0x80...0x9F, tail]),
            (0xEE...0xEF, [tail, tail]),
            (0xF0...0xF0, [0x90...0xBF, tail, tail]), (0xF1...0xF3, [tail, tail, tail]),
            (0xF4...0xF4, [0x80...0x8F, tail, tail]),
        ]
    }()
}
