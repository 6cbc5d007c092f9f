/// How the computing of a step and its exchanges come together.
package enum StepTime {
    /// Seconds of a step whose slowest rank computes, and whose sums travel, for so long.
    ///
    /// One block of rows waits for each of its sums. Two blocks take turns: the sum of the one travels while the other is
    /// computed, so that the longer of both counts, and at an end the shorter one once.
    ///
    /// - Parameter sums: all-reduces of the step.
    package static func seconds(compute: Double, exchange: Double, blocks: Int, sums: Int) -> Double {
        guard blocks > 1, sums > 0 else { return compute + exchange }
        let pieces = Double(blocks * sums)
        return max(compute, exchange) + min(compute, exchange) / pieces
    }
}
