/// A regular expression over characters, as it was read.
indirect enum PatternNode: Equatable, Sendable {
    case characters(ScalarSet)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    case repeated(PatternNode, Int, Int?)
    case start
    case end

    var hasAnchor: Bool {
        switch self {
        case .characters: false
        case .start, .end: true
        case .sequence(let parts), .alternatives(let parts): parts.contains { $0.hasAnchor }
        case .repeated(let body, _, _): body.hasAnchor
        }
    }

    private static let any = PatternNode.repeated(.characters(.all), 0, nil)

    /// The same where it stands for a whole text: what anchors leave open becomes "anything".
    ///
    /// - Parameter isOpen: whether anything may stand around it where no anchor says otherwise.
    func anchored(isOpen: Bool) throws(FormatRefusal) -> PatternNode {
        switch self {
        case .alternatives(let branches):
            var result: [PatternNode] = []
            for branch in branches { result.append(try branch.anchored(isOpen: isOpen)) }
            return .alternatives(result)
        case .sequence(let parts):
            return try Self.anchored(parts, isOpen: isOpen)
        default:
            return try Self.anchored([self], isOpen: isOpen)
        }
    }

    private static func anchored(_ parts: [PatternNode], isOpen: Bool) throws(FormatRefusal) -> PatternNode {
        var parts = parts
        // A group at an end that has anchors of its own is multiplied out.
        for index in Set([0, parts.count - 1]) where parts.indices.contains(index) && parts[index].hasAnchor {
            switch parts[index] {
            case .alternatives(let branches) where parts.count > 1:
                var result: [PatternNode] = []
                for branch in branches {
                    var copy = parts
                    copy[index] = branch
                    result.append(try anchored(copy, isOpen: isOpen))
                }
                return .alternatives(result)
            case .alternatives: return try parts[index].anchored(isOpen: isOpen)
            case .sequence(let inner):
                parts.replaceSubrange(index...index, with: inner)
                return try anchored(parts, isOpen: isOpen)
            default: break
            }
        }
        var (opensLeft, opensRight) = (isOpen, isOpen)
        while parts.first == .start {
            parts.removeFirst()
            opensLeft = false
        }
        while parts.last == .end {
            parts.removeLast()
            opensRight = false
        }
        if parts.contains(where: { $0.hasAnchor }) {
            throw FormatRefusal("a pattern has ^ or $ elsewhere than at an end, which is not supported")
        }
        return .sequence((opensLeft ? [any] : []) + parts + (opensRight ? [any] : []))
    }

    /// The strings that it stands for, as an expression over bytes.
    func expression(_ spelling: CharacterSpelling, in arena: inout ExpressionArena) -> ExpressionID {
        switch self {
        case .characters(let set): return spelling.expression(set, in: &arena)
        case .start, .end: return ExpressionArena.empty
        case .sequence(let parts): return arena.sequence(parts.map { $0.expression(spelling, in: &arena) })
        case .alternatives(let parts): return arena.choice(parts.map { $0.expression(spelling, in: &arena) })
        case .repeated(let body, let least, let most):
            return arena.repetition(body.expression(spelling, in: &arena), least, most)
        }
    }
}
