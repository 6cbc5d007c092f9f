/// How much faster several ranks are than one.
///
/// - SeeAlso: Karp, Flatt, *Measuring parallel processor performance*, CACM 33 (1990).
package struct Speedup: Sendable, Equatable {
    package let ranks: Int
    /// The ratio of the rates: t₁ / t_N at the same work.
    package let factor: Double

    /// - Parameters:
    ///   - alone: seconds of one rank.
    ///   - together: seconds of all.
    ///   - work: how many times as much all do; 1 is strong scaling, the number of ranks weak scaling.
    package init(ranks: Int, alone: Double, together: Double, work: Double = 1) {
        self.ranks = ranks
        factor = work * alone / together
    }

    /// t₁ / (N · t_N).
    package var efficiency: Double { factor / Double(ranks) }

    /// The share of the work that seems to run on one rank alone, which grows with N where ranks hinder each other; `nil`
    /// for one rank.
    package var serialShare: Double? {
        guard ranks > 1 else { return nil }
        let count = Double(ranks)
        return (1 / factor - 1 / count) / (1 - 1 / count)
    }
}
