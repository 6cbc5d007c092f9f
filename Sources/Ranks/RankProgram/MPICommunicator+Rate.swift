internal import Communication

extension MPICommunicator {
    /// Units of work a second that this rank does while all others do theirs: ranks of one host share it as they will.
    ///
    /// The best of three windows, each longer than the tenth of a second for which a container's quota of processor time is
    /// dealt out; of more where a rank's best two do not agree, since something else had its processor then.
    ///
    /// Collective.
    ///
    /// - Parameter work: does some, and says how much.
    func rate(of work: () -> Int) throws -> Double {
        var windows = RateWindows()
        // Nobody begins before the last one is there, and all end together.
        while try allGather(windows.isSettled ? 1 : 0).contains(0), windows.count < RateWindows.most {
            let began = ContinuousClock.now
            var amount = 0
            while ContinuousClock.now - began < .milliseconds(200) { amount += work() }
            windows.append(Double(amount) / ((ContinuousClock.now - began) / .seconds(1)))
        }
        return max(1, windows.best)
    }
}

/// Rates of windows of time, of which the best count: whatever disturbs a measurement makes it slower.
struct RateWindows {
    /// So many, and then what there is must do.
    static let most = 9
    private static let least = 3
    /// The best two differ by at most this part.
    private static let tolerance = 0.05

    private(set) var count = 0
    private(set) var best = 0.0
    private var second = 0.0

    mutating func append(_ rate: Double) {
        count += 1
        second = max(second, min(best, rate))
        best = max(best, rate)
    }

    var isSettled: Bool { count >= Self.least && second >= best * (1 - Self.tolerance) }
}
