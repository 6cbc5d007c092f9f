/// A set of Unicode scalars, as ranges in order that do not touch.
struct ScalarSet: Equatable, Sendable {
    private(set) var ranges: [ClosedRange<UInt32>] = []

    static let all = ScalarSet([0...0x10FFFF])

    /// Surrogates are no scalars and are left out.
    init(_ ranges: [ClosedRange<UInt32>]) {
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound + 1 {
                self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
        self.ranges = self.ranges.flatMap { Self.without($0, 0xD800...0xDFFF) }
    }

    init(_ scalar: UInt32) { self.init([scalar...scalar]) }

    var inverted: ScalarSet {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { result.append(next...0x10FFFF) }
        return ScalarSet(result)
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    func subtracting(_ other: ScalarSet) -> ScalarSet { inverted.union(other).inverted }

    func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } }

    private static func without(_ range: ClosedRange<UInt32>, _ hole: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
        guard range.overlaps(hole) else { return [range] }
        var parts: [ClosedRange<UInt32>] = []
        if range.lowerBound < hole.lowerBound { parts.append(range.lowerBound...hole.lowerBound - 1) }
        if range.upperBound > hole.upperBound { parts.append(hole.upperBound + 1...range.upperBound) }
        return parts
    }
}
