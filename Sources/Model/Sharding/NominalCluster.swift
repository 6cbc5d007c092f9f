/// The machines that shares are cut for before any is known: a rank reads weights at 20 GB/s, a byte each, and speaks to
/// the others over a gigabit Ethernet.
///
/// Where the network is faster, the cuts cost some percent of what it could save; where it is slower, they save more.
enum NominalCluster {
    static let secondsPerWeight = 1 / 20e9
    static let secondsPerByte = 1 / 117e6
    static let latency = 50e-6

    /// Seconds of an all-reduce of one row when the busiest rank has so many nodes of the tree.
    ///
    /// All to all, or each rank a slice of the columns and then the sums.
    static func sumSeconds(nodes: Int, width: Int, ranks: Int) -> Double {
        let row = Double(4 * width) * secondsPerByte
        let others = Double(ranks - 1)
        return min(
            latency + row * Double(nodes) * others,
            2 * latency + row * Double(nodes + 1) * others / Double(ranks)
        )
    }
}
