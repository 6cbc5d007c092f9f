/// What computing and summing cost on the machines for which a model is cut.
package struct ShareCosts: Sendable, Equatable {
    /// Of one token, on the fastest rank.
    package var secondsPerWeight: Double
    /// Of a round of messages between the ranks, and of each byte that a rank sends or takes in.
    package var latency: Double
    package var secondsPerByte: Double

    package init(secondsPerWeight: Double, latency: Double, secondsPerByte: Double) {
        (self.secondsPerWeight, self.latency, self.secondsPerByte) = (secondsPerWeight, latency, secondsPerByte)
    }

    /// Of machines of which nothing is known: a rank reads weights at 20 GB/s, a byte each, and speaks to the others over a
    /// gigabit Ethernet.
    ///
    /// Where the network is faster, the cuts cost some percent of what it could save; where it is slower, they save more.
    package static let nominal = ShareCosts(secondsPerWeight: 1 / 20e9, latency: 50e-6, secondsPerByte: 1 / 117e6)

    /// Seconds of an all-reduce of one row when the busiest rank has so many nodes of the tree.
    ///
    /// All to all, or each rank a slice of the columns and then the sums.
    func sumSeconds(nodes: Int, width: Int, ranks: Int) -> Double {
        let row = Double(4 * width) * secondsPerByte
        let others = Double(ranks - 1)
        return min(
            latency + row * Double(nodes) * others,
            2 * latency + row * Double(nodes + 1) * others / Double(ranks)
        )
    }
}
