/// Reads a regular expression as ECMA-262 writes it, as far as it is regular.
///
/// Not supported, and refused by name: looking ahead and behind, back references, `\b` and `\B`, `\p{…}`, flags,
/// anchors elsewhere than at an end. Lazy quantifiers stand for the same texts as others.
struct PatternReader {
    private let scalars: [Unicode.Scalar]
    private let limits: ConstraintLimits
    private var position = 0
    private var depth = 0

    /// Reads all of `text`.
    static func read(_ text: String, _ limits: ConstraintLimits) throws(FormatRefusal) -> PatternNode {
        guard text.utf8.count <= limits.patternBytes else {
            throw FormatRefusal("a pattern has \(text.utf8.count) bytes, expected \(limits.patternBytes) at most")
        }
        var reader = PatternReader(scalars: Array(text.unicodeScalars), limits: limits)
        let node = try reader.alternatives()
        if reader.position < reader.scalars.count { throw reader.refusal("a ) without a (") }
        return node
    }

    private init(scalars: [Unicode.Scalar], limits: ConstraintLimits) {
        self.scalars = scalars
        self.limits = limits
    }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func refusal(_ what: String) -> FormatRefusal {
        let text = String(String.UnicodeScalarView(scalars.prefix(60)))
        return FormatRefusal("the pattern \"\(text)\(scalars.count > 60 ? "…" : "")\" has \(what)")
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func take(_ text: String) -> Bool {
        guard scalars[position...].starts(with: text.unicodeScalars) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    // MARK: Structure

    private mutating func alternatives() throws(FormatRefusal) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        if depth > limits.depth { throw refusal("groups deeper than \(limits.depth)") }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(FormatRefusal) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" { parts.append(try quantified(try atom())) }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom() throws(FormatRefusal) -> PatternNode {
        guard let scalar = next else { return .sequence([]) }
        position += 1
        switch scalar {
        case "(": return try group()
        case "[": return .characters(try characterClass())
        case ".": return .characters(PatternClasses.lineEnds.inverted)
        case "^": return .start
        case "$": return .end
        case "*", "+", "?": throw refusal("\(scalar) with nothing before it")
        case "{" where isQuantifier: throw refusal("{ with nothing before it")
        case "\\": return .characters(try escape(inClass: false))
        default: return .characters(ScalarSet(scalar.value))
        }
    }

    private mutating func group() throws(FormatRefusal) -> PatternNode {
        if take("?") {
            if take("<=") || take("<!") || take("=") || take("!") {
                throw refusal("looking ahead or behind, which is not supported")
            }
            if take("<") || take("P<") {
                while let scalar = next, scalar != ">" {
                    _ = scalar
                    position += 1
                }
                if !take(">") { throw refusal("a group's name without an end") }
            } else if !take(":") {
                throw refusal("a group of a kind that is not supported")
            }
        }
        let body = try alternatives()
        if !take(")") { throw refusal("a ( without a )") }
        return body
    }

    // MARK: Quantifiers

    /// Whether a quantifier in braces stands behind the brace that was just taken or is next.
    private var isQuantifier: Bool {
        var index = position
        if index < scalars.count, scalars[index] == "{" { index += 1 }
        let rest = scalars[index...].prefix { $0 != "}" }
        guard index + rest.count < scalars.count, let first = rest.first, "0"..."9" ~= first else { return false }
        return rest.allSatisfy { "0"..."9" ~= $0 || $0 == "," } && rest.filter { $0 == "," }.count <= 1
    }

    private mutating func quantified(_ atom: PatternNode) throws(FormatRefusal) -> PatternNode {
        let (least, most): (Int, Int?)
        switch next {
        case "*": (least, most) = (0, nil)
        case "+": (least, most) = (1, nil)
        case "?": (least, most) = (0, 1)
        case "{" where isQuantifier:
            (least, most) = try braces()
            position -= 1
        default: return atom
        }
        position += 1
        _ = take("?")
        if let scalar = next, scalar == "*" || scalar == "+" || scalar == "?" || (scalar == "{" && isQuantifier) {
            throw refusal("a quantifier behind a quantifier")
        }
        if atom.hasAnchor { throw refusal("a quantifier behind an anchor") }
        return .repeated(atom, least, most)
    }

    private mutating func braces() throws(FormatRefusal) -> (Int, Int?) {
        position += 1
        let text = String(String.UnicodeScalarView(scalars[position...].prefix { $0 != "}" }))
        position += text.unicodeScalars.count + 1
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.map { $0.isEmpty ? limits.count : Int($0) ?? Int.max }
        if numbers.contains(where: { $0 > limits.count }) { throw refusal("a count over \(limits.count)") }
        let most: Int? = parts.count == 1 ? numbers[0] : parts[1].isEmpty ? nil : numbers[1]
        if let most, most < numbers[0] { throw refusal("{\(text)}, whose end is below its start") }
        return (numbers[0], most)
    }

    // MARK: Characters

    private mutating func characterClass() throws(FormatRefusal) -> ScalarSet {
        let isInverted = take("^")
        var set = ScalarSet([])
        while let scalar = next, scalar != "]" {
            let first = try classAtom()
            guard take("-") else {
                set = set.union(first)
                continue
            }
            if next == "]" || next == nil {
                set = set.union(first).union(ScalarSet(0x2D))
                continue
            }
            let last = try classAtom()
            guard let low = first.only, let high = last.only, low <= high else {
                throw refusal("a range of characters that is none")
            }
            set = set.union(ScalarSet([low...high]))
        }
        if !take("]") { throw refusal("a [ without a ]") }
        return isInverted ? set.inverted : set
    }

    private mutating func classAtom() throws(FormatRefusal) -> ScalarSet {
        guard let scalar = next else { throw refusal("a [ without a ]") }
        position += 1
        return scalar == "\\" ? try escape(inClass: true) : ScalarSet(scalar.value)
    }

    private mutating func escape(inClass: Bool) throws(FormatRefusal) -> ScalarSet {
        guard let scalar = next else { throw refusal("a \\ at its end") }
        position += 1
        if let set = PatternClasses.named(scalar) { return set }
        switch scalar {
        case "b" where inClass: return ScalarSet(0x08)
        case "0" where !(next.map { "0"..."9" ~= $0 } ?? false): return ScalarSet(0)
        case "x": return ScalarSet(try hexadecimal(2))
        case "u":
            if take("{") {
                let count = scalars[position...].prefix { $0 != "}" }.count
                let value = try hexadecimal(count)
                if !take("}") { throw refusal("a \\u{ without a }") }
                return ScalarSet(value)
            }
            return ScalarSet(try escapedPair())
        case "c":
            guard let letter = next, "a"..."z" ~= letter || "A"..."Z" ~= letter else {
                throw refusal("\\c without a letter")
            }
            position += 1
            return ScalarSet(letter.value % 32)
        case "0"..."9", "k": throw refusal("a back reference, which is not supported")
        case "a"..."z", "A"..."Z": throw refusal("\\\(scalar), which is not supported")
        default: return ScalarSet(scalar.value)
        }
    }

    /// `XXXX`, or two of them that make a surrogate pair.
    private mutating func escapedPair() throws(FormatRefusal) -> UInt32 {
        let first = try hexadecimal(4)
        guard (0xD800...0xDBFF).contains(first), take("\\u") else { return first }
        let second = try hexadecimal(4)
        guard (0xDC00...0xDFFF).contains(second) else { throw refusal("half a surrogate pair") }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func hexadecimal(_ count: Int) throws(FormatRefusal) -> UInt32 {
        let digits = String(String.UnicodeScalarView(scalars[position...].prefix(count)))
        guard (1...6).contains(count), digits.unicodeScalars.count == count, digits.first != "+",
            let value = UInt32(digits, radix: 16), value <= 0x10FFFF
        else { throw refusal("an escape without its digits") }
        position += count
        return value
    }
}

extension ScalarSet {
    /// The scalar of a set of one.
    fileprivate var only: UInt32? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
