internal import Communication

extension MPICommunicator {
    /// Units of work a second that this rank does while all others do theirs: ranks of one host share it as they will.
    ///
    /// The best of three windows, each longer than the tenth of a second for which a container's quota of processor time is
    /// dealt out.
    ///
    /// Collective.
    ///
    /// - Parameter work: does some, and says how much.
    func rate(of work: () -> Int) throws -> Double {
        var best = 1.0
        for _ in 0..<3 {
            // Nobody begins before the last one is there.
            _ = try allGather(0)
            let began = ContinuousClock.now
            var amount = 0
            while ContinuousClock.now - began < .milliseconds(200) { amount += work() }
            best = max(best, Double(amount) / ((ContinuousClock.now - began) / .seconds(1)))
        }
        return best
    }
}
