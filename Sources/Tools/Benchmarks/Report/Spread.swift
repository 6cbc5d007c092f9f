/// The median of repeated measurements, and how far they spread.
package struct Spread: Sendable, Equatable {
    package let median: Double
    package let lowest: Double
    package let highest: Double
    /// Measurements that it sums up.
    package let count: Int

    /// - Parameter values: at least one. The median of an even number is the mean of the middle two.
    package init(_ values: [Double]) {
        precondition(!values.isEmpty, "the median of nothing")
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        lowest = sorted[0]
        highest = sorted[sorted.count - 1]
        count = sorted.count
    }

    /// The same figures in another unit, or of the reciprocal quantity (seconds → per second).
    package func mapped(_ convert: (Double) -> Double) -> Spread {
        Spread([lowest, median, highest].map(convert), count)
    }

    private init(_ three: [Double], _ count: Int) {
        let sorted = three.sorted()
        (lowest, median, highest, self.count) = (sorted[0], sorted[1], sorted[2], count)
    }
}
