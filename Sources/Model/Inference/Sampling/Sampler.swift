internal import Kernels

/// What was chosen behind a row of the plan.
package struct ChosenToken: Equatable, Sendable {
    package var run: Int
    /// `nil`: the logits are not numbers.
    package var token: Int32?
    package var logprobs: Logprobs?
    /// `[vocabulary]`, as the model gave them, where the plan asks for all.
    package var logits: [Float]?

    package init(run: Int, token: Int32? = nil) { (self.run, self.token) = (run, token) }
}

/// Chooses tokens from what the ranks have sent: the same ones for any number of ranks.
enum Sampler {
    /// Memory that drawing takes, for use again.
    struct Scratch {
        fileprivate var merged: [Candidate] = []
        fileprivate var weights: [Double] = []
    }

    /// What the ranks' parts of a row come to together.
    struct Row {
        let choice: TokenChoice
        let position: Int
        let vocabulary: Int
        let records: [ShardRecord]

        /// Whether there is a largest logit, and no NaN.
        var isNumeric: Bool { records.allSatisfy { $0.head.pointee.hasNoNaN } && largest.isFinite }
        private var largest: Float { records.reduce(-.infinity) { max($0, $1.head.pointee.largest) } }

        private func sum(_ part: KeyPath<ShardRecord.Head, ExactSum>) -> ExactSum {
            records.reduce(into: ExactSum()) { $0 += $1.head.pointee[keyPath: part] }
        }

        /// The sum of all weights, where top-p asks for it.
        var total: ExactSum { sum(\.total) }

        /// The token; `nil` where the ranks' candidates do not decide it.
        func draw() -> Draw? {
            var scratch = Scratch()
            return draw(&scratch)
        }

        /// The same in memory from before.
        func draw(_ scratch: inout Scratch) -> Draw? {
            guard choice.candidates > 0 else {
                var best: Draw?
                for record in records {
                    let draw = record.head.pointee.draw
                    if let best, !draw.isBetter(than: best) { continue }
                    best = draw
                }
                return best
            }
            let count = merge(into: &scratch.merged)
            let known = CandidateFilter.Known(
                candidates: scratch.merged[..<count],
                vocabulary: vocabulary,
                total: total
            )
            return CandidateFilter.draw(known, choice, position: position, &scratch.weights)
        }

        /// The ranks' candidates, likeliest first; so many of them are the likeliest of all.
        private func merge(into merged: inout [Candidate]) -> Int {
            merged.removeAll(keepingCapacity: true)
            // Tokens that were not sent are worse than the last that the same rank has sent.
            var certain: Candidate?
            for record in records {
                let count = Int(record.head.pointee.candidates)
                for place in 0..<count { merged.append(record.candidates[place]) }
                guard count == choice.candidates, let last = merged.last else { continue }
                certain = min(certain ?? last, last)
            }
            merged.withUnsafeMutableBufferPointer { list in
                guard let base = list.baseAddress else { return }
                _ = Candidate.sortBest(list.count, of: base, count: list.count)
            }
            guard merged.count < vocabulary, let certain else { return merged.count }
            return merged.count - merged.count { $0 > certain }
        }

        /// - Parameter token: the choice.
        func logprobs(_ token: Int32) -> Logprobs {
            var top: [Candidate] = []
            var logits: [Int32: Float] = [:]
            for record in records {
                let head = record.head.pointee
                for place in 0..<Int(head.top) { top.append(record.top[place]) }
                if !head.watched.isNaN { logits[choice.watched] = head.watched }
                if choice.candidates == 0, head.draw.token == token { logits[token] = head.drawn }
                for place in 0..<Int(head.candidates) where record.candidates[place].token == token {
                    logits[token] = record.logits[place]
                }
            }
            top.sort()
            return Logprobs(
                largest: largest,
                sum: sum(\.sum),
                top: Array(top.prefix(Int(choice.logprobs))),
                logits: logits
            )
        }
    }

    /// The token where all logits, adjusted, are at hand: of some of the likeliest, so that few are sorted, or else of all.
    static func draw(
        all logits: UnsafePointer<Float>,
        vocabulary: Int,
        _ choice: TokenChoice,
        position: Int,
        total: ExactSum
    ) -> Draw? {
        for most in [4096, vocabulary] where most <= vocabulary {
            let list = UnsafeMutablePointer<Candidate>.allocate(capacity: 2 * most)
            defer { list.deallocate() }
            let found = Logits.select(logits, count: vocabulary, first: 0, most: most, into: list)
            let count = Candidate.sortBest(most, of: list, count: found)
            let candidates = Array(UnsafeBufferPointer(start: list, count: count))
            let known = CandidateFilter.Known(candidates: candidates[...], vocabulary: vocabulary, total: total)
            var weights: [Double] = []
            if let draw = CandidateFilter.draw(known, choice, position: position, &weights) { return draw }
        }
        return nil
    }
}
