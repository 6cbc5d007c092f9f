/// Counts of observations by upper bound, as Prometheus keeps them, and quantiles of the latest ones.
package struct Histogram: Sendable {
    /// Upper bounds in seconds, ascending; one more bucket takes what is above.
    package let bounds: [Double]
    /// Observations that are at most the bound, not those of the bounds below.
    package private(set) var counts: [Int]
    package private(set) var sum = 0.0
    package private(set) var count = 0
    /// The latest observations, a ring: quantiles of the whole past would hide how it is now.
    private var recent: [Double] = []
    private static let recentLimit = 4096

    package init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    package mutating func observe(_ seconds: Double) {
        counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
        sum += seconds
        if recent.count < Self.recentLimit {
            recent.append(seconds)
        } else {
            recent[count % Self.recentLimit] = seconds
        }
        count += 1
    }

    /// The quantiles of the latest observations, in seconds: the nearest ranks; zeros before the first.
    package func quantiles(_ shares: [Double]) -> [Double] {
        let sorted = recent.sorted()
        return shares.map { share in
            guard !sorted.isEmpty else { return 0 }
            let rank = Int((share * Double(sorted.count)).rounded(.up))
            return sorted[min(max(rank, 1), sorted.count) - 1]
        }
    }

    /// Bounds as vLLM has them for the time to the first token.
    package static let firstTokenBounds = [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
        2560,
    ]
    /// Bounds as vLLM has them for the time between tokens, and finer ones below.
    package static let interTokenBounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40,
    ]
    /// Bounds as vLLM has them for whole requests.
    package static let requestBounds = [
        0.05, 0.1, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
    ]
}
