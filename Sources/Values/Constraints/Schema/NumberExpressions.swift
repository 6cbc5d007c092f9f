/// Numbers between two bounds, digit by digit.
///
/// Integers have at most 18 digits and fractions 17, so that a double and a 64-bit integer hold what was written and an
/// answer does not count for ever; numbers without bounds may have an exponent of two digits.
struct NumberExpressions {
    struct Bound: Equatable, Sendable {
        var value: ExactDecimal
        var isExclusive: Bool
    }

    private static let wholeDigits = 18
    private static let fractionDigits = 17
    private static let largest = 999_999_999_999_999_999

    private var arena: ExpressionArena
    private let digit: ExpressionID

    /// Runs `body` on an arena that is lent for it.
    static func within(
        _ arena: inout ExpressionArena,
        _ body: (inout NumberExpressions) -> ExpressionID
    ) -> ExpressionID {
        var numbers = NumberExpressions(arena)
        // Not held twice, as it would be copied when it grows.
        arena = ExpressionArena()
        let result = body(&numbers)
        arena = numbers.arena
        return result
    }

    private init(_ arena: ExpressionArena) {
        self.arena = arena
        digit = self.arena.bytes(ByteSet(0x30...0x39))
    }

    // MARK: Integers

    mutating func integers(_ lower: Bound?, _ upper: Bound?) -> ExpressionID {
        var low = -Self.largest
        var high = Self.largest
        if let lower {
            guard let value = lower.value.rounded(up: true) else {
                return lower.value.isNegative ? integers(nil, upper) : ExpressionArena.nothing
            }
            low = max(low, value + (lower.isExclusive && lower.value.isInteger ? 1 : 0))
        }
        if let upper {
            guard let value = upper.value.rounded(up: false) else {
                return upper.value.isNegative ? ExpressionArena.nothing : integers(lower, nil)
            }
            high = min(high, value - (upper.isExclusive && upper.value.isInteger ? 1 : 0))
        }
        let negative = low < 0 ? natural(max(1, -min(high, -1)), -low) : ExpressionArena.nothing
        let minus = arena.literal([0x2D])
        return arena.choice(arena.sequence(minus, negative), natural(max(0, low), high))
    }

    /// Whole numbers from `low` to `high`, both 0 or more.
    private mutating func natural(_ low: Int, _ high: Int) -> ExpressionID {
        guard low <= high else { return ExpressionArena.nothing }
        var parts: [ExpressionID] = []
        var (first, last) = (0, 9)
        while first <= high {
            let (from, to) = (max(low, first), min(high, last))
            if from <= to { parts.append(between(Self.digits(from)[...], Self.digits(to)[...])) }
            (first, last) = (last + 1, min(last, Self.largest / 10) * 10 + 9)
        }
        return arena.choice(parts)
    }

    private static func digits(_ value: Int) -> [UInt8] { String(value).utf8.map { $0 - 0x30 } }

    /// Numbers of as many digits as both bounds have.
    private mutating func between(_ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>) -> ExpressionID {
        guard let first = low.first, let last = high.first else { return ExpressionArena.empty }
        let (lowRest, highRest) = (low.dropFirst(), high.dropFirst())
        let count = lowRest.count
        if lowRest.allSatisfy({ $0 == 0 }), highRest.allSatisfy({ $0 == 9 }) {
            return arena.sequence(digits(first, last), arena.repetition(digit, count, count))
        }
        if first == last { return arena.sequence(digits(first, first), between(lowRest, highRest)) }
        let (zeros, nines) = ([UInt8](repeating: 0, count: count), [UInt8](repeating: 9, count: count))
        return arena.choice([
            arena.sequence(digits(first, first), between(lowRest, nines[...])),
            arena.sequence(digits(first + 1, last &- 1), arena.repetition(digit, count, count)),
            arena.sequence(digits(last, last), between(zeros[...], highRest)),
        ])
    }

    private mutating func digits(_ first: UInt8, _ last: UInt8) -> ExpressionID {
        first <= last && last <= 9 ? arena.bytes(ByteSet(0x30 + first...0x30 + last)) : ExpressionArena.nothing
    }

    // MARK: Numbers

    mutating func numbers(_ lower: Bound?, _ upper: Bound?) -> ExpressionID {
        let minus = arena.literal([0x2D])
        guard lower != nil || upper != nil else {
            let sign = arena.bytes(ByteSet([0x2B, 0x2D]))
            let exponent = arena.sequence([
                arena.bytes(ByteSet([0x45, 0x65])), arena.optional(sign), arena.repetition(digit, 1, 2),
            ])
            let magnitude = arena.sequence(natural(0, Self.largest), fraction)
            return arena.sequence([arena.optional(minus), magnitude, arena.optional(exponent)])
        }
        let zero = Bound(value: ExactDecimal(0), isExclusive: false)
        var parts: [ExpressionID] = []
        if upper.map({ !$0.value.isNegative }) ?? true {
            parts.append(magnitudes(lower.map { $0.value.isNegative ? zero : $0 } ?? zero, upper))
        }
        if lower.map({ $0.value.isNegative }) ?? true {
            func mirrored(_ bound: Bound) -> Bound {
                Bound(value: bound.value.negated, isExclusive: bound.isExclusive)
            }
            let least = upper.map { $0.value.isNegative || $0.value.isZero ? mirrored($0) : zero } ?? zero
            parts.append(arena.sequence(minus, magnitudes(least, lower.map(mirrored))))
        }
        return arena.choice(parts)
    }

    /// An optional fraction.
    private var fraction: ExpressionID {
        mutating get {
            arena.optional(arena.sequence(arena.literal([0x2E]), arena.repetition(digit, 1, Self.fractionDigits)))
        }
    }

    /// Numbers of 0 or more between bounds of 0 or more.
    private mutating func magnitudes(_ lower: Bound, _ upper: Bound?) -> ExpressionID {
        let low = lower.value.isZero && !lower.isExclusive ? nil : atLeast(lower)
        let high = upper.flatMap { $0.value.exponent > Self.wholeDigits ? nil : atMost($0) }
        switch (low, high) {
        case (nil, nil): return arena.sequence(natural(0, Self.largest), fraction)
        case (let bound?, nil), (nil, let bound?): return bound
        case (let low?, let high?):
            let both = arena.both(low, high)
            // A few states a digit: the bounds have 417 digits at most.
            var budget = 20_000
            return arena.explore(both, budget: &budget) ?? ExpressionArena.nothing
        }
    }

    private mutating func atLeast(_ bound: Bound) -> ExpressionID {
        guard let whole = bound.value.exponent > Self.wholeDigits ? nil : bound.value.whole else {
            return ExpressionArena.nothing
        }
        let digits = bound.value.parts.fraction
        let room = max(Self.fractionDigits, digits.count + 1)
        let point = arena.literal([0x2E])
        var rest: ExpressionID
        if digits.isEmpty {
            rest = bound.isExclusive ? arena.sequence(point, notZero(room)) : fraction
        } else {
            rest = bound.isExclusive ? notZero(room - digits.count) : arena.repetition(digit, 0, room - digits.count)
            for (index, value) in digits.enumerated().reversed() {
                let above = arena.sequence(
                    self.digits(value + 1, 9),
                    arena.repetition(digit, 0, room - index - 1)
                )
                rest = arena.choice(above, arena.sequence(self.digits(value, value), rest))
            }
            rest = arena.sequence(point, rest)
        }
        return arena.choice(
            arena.sequence(natural(whole + 1, Self.largest), fraction),
            arena.sequence(natural(whole, whole), rest)
        )
    }

    private mutating func atMost(_ bound: Bound) -> ExpressionID {
        let whole = bound.value.whole
        let digits = bound.value.parts.fraction
        let room = max(Self.fractionDigits, digits.count)
        let point = arena.literal([0x2E])
        let zero = self.digits(0, 0)
        var rest: ExpressionID
        if digits.isEmpty {
            let zeros = arena.optional(arena.sequence(point, arena.repetition(zero, 1, room)))
            rest = bound.isExclusive ? ExpressionArena.nothing : zeros
        } else {
            rest =
                bound.isExclusive ? ExpressionArena.nothing : arena.repetition(zero, 0, room - digits.count)
            for (index, value) in digits.enumerated().reversed() {
                let below =
                    value == 0
                    ? ExpressionArena.nothing
                    : arena.sequence(self.digits(0, value - 1), arena.repetition(digit, 0, room - index - 1))
                rest = arena.choice(below, arena.sequence(self.digits(value, value), rest))
                // A text that ends before the bound's last digit is below it.
                if index > 0 { rest = arena.optional(rest) }
            }
            rest = arena.optional(arena.sequence(point, rest))
        }
        let below = whole > 0 ? natural(0, whole - 1) : ExpressionArena.nothing
        return arena.choice(arena.sequence(below, fraction), arena.sequence(natural(whole, whole), rest))
    }

    /// At most `room` digits that are not all 0.
    private mutating func notZero(_ room: Int) -> ExpressionID {
        guard room > 0 else { return ExpressionArena.nothing }
        return arena.choice(
            arena.sequence(digits(1, 9), arena.repetition(digit, 0, room - 1)),
            arena.sequence(digits(0, 0), notZero(room - 1))
        )
    }
}
