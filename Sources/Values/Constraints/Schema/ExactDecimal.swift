/// A number as JSON writes it, without rounding: ± 0.d₁d₂… · 10ᵉ.
struct ExactDecimal: Equatable, Hashable, Sendable {
    let isNegative: Bool
    /// Neither the first nor the last is 0; none for zero.
    let digits: [UInt8]
    /// How many digits stand before the point.
    let exponent: Int
    /// As it was written, for answers that must hold it.
    let spelling: String

    static func == (first: ExactDecimal, second: ExactDecimal) -> Bool {
        first.isNegative == second.isNegative && first.digits == second.digits && first.exponent == second.exponent
    }

    func hash(into hasher: inout Hasher) { hasher.combine(digits) }

    /// `nil` for exponents beyond ±400, which no double has.
    init?(_ text: String) {
        let parts = text.split { $0 == "e" || $0 == "E" }
        guard let mantissa = parts.first, let written = parts.count > 1 ? Int(parts[1]) : 0 else { return nil }
        let halves = mantissa.split(separator: ".", maxSplits: 1)
        let whole = halves[0].drop { $0 == "-" }
        let fraction = halves.count > 1 ? Array(halves[1].utf8) : []
        var digits = (Array(whole.utf8) + fraction).map { $0 - 0x30 }
        var exponent = whole.utf8.count + max(-1000, min(1000, written))
        let zeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(zeros)
        exponent -= zeros
        while digits.last == 0 { digits.removeLast() }
        guard digits.isEmpty || abs(exponent) <= 400 else { return nil }
        self.digits = digits
        self.exponent = digits.isEmpty ? 0 : exponent
        isNegative = !digits.isEmpty && text.hasPrefix("-")
        spelling = text
    }

    init(_ value: Int) {
        let digits = String(value.magnitude).utf8.map { $0 - 0x30 }
        isNegative = value < 0
        exponent = value == 0 ? 0 : digits.count
        self.digits = Array(digits.reversed().drop { $0 == 0 }.reversed())
        spelling = String(value)
    }

    var isZero: Bool { digits.isEmpty }
    var isInteger: Bool { exponent >= digits.count }

    /// The digits before the point, 0 at least, and those behind it, of the magnitude.
    var parts: (whole: [UInt8], fraction: [UInt8]) {
        if exponent <= 0 {
            return ([0], digits.isEmpty ? [] : [UInt8](repeating: 0, count: -exponent) + digits)
        }
        let padded = digits + [UInt8](repeating: 0, count: max(0, exponent - digits.count))
        return (Array(padded[..<exponent]), Array(padded[exponent...]))
    }

    var negated: ExactDecimal {
        ExactDecimal(spelling.hasPrefix("-") ? String(spelling.dropFirst()) : "-" + spelling) ?? self
    }

    /// What stands before the point, without the sign; of 18 digits at most.
    var whole: Int { parts.whole.reduce(0) { $0 * 10 + Int($1) } }

    /// The integer below or above, or the number itself; `nil` beyond 18 digits.
    func rounded(up: Bool) -> Int? {
        guard exponent <= 18 else { return nil }
        let signed = isNegative ? -whole : whole
        if isInteger { return signed }
        return up ? (isNegative ? signed : signed + 1) : (isNegative ? signed - 1 : signed)
    }

    /// A count that a keyword gives; `nil` if it is no whole number of 0 or more, or too large for one.
    var count: Int? { isNegative || !isInteger ? nil : rounded(up: false) }
}

extension ExactDecimal: Comparable {
    static func < (first: ExactDecimal, second: ExactDecimal) -> Bool {
        if first.isNegative != second.isNegative { return first.isNegative }
        let (low, high) = first.isNegative ? (second, first) : (first, second)
        if low.isZero || high.isZero { return low.isZero && !high.isZero }
        if low.exponent != high.exponent { return low.exponent < high.exponent }
        return low.digits.lexicographicallyPrecedes(high.digits)
    }
}
