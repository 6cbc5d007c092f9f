internal import Kernels

/// Looks through a rank's part of the wanted rows of logits, on all threads.
///
/// Rows are cut into parts, and parts are put together in their order. What comes out is the same for any number of
/// threads and parts, since nothing in it depends on an order: maxima, the best of total orders, exact sums.
final class ShardScan {
    /// A row of which a token is chosen.
    struct Row {
        var run: Int
        var position: Int
        /// Of its run that stand before it, itself included.
        var drafts = 0
        var choice: TokenChoice
        /// Of this rank's part of the vocabulary; adjustments change them.
        var logits: UnsafeMutablePointer<Float>
        var record: ShardRecord
    }

    /// What one part of one row has come to.
    struct Part {
        var hasNoNaN = true
        var largest: Float = -.infinity
        var draw = Draw(value: -.infinity, logit: -.infinity, token: .max)
        var sum = ExactSum()
        var count = 0
    }

    private let tokens: Range<Int>
    private let parts: RowParts
    /// By row: the logits of adjusted tokens as the model gave them, where log-probabilities ask for them.
    private var originals: [[Int32: Float]] = []

    init(pool: ThreadPool, tokens: Range<Int>) {
        self.tokens = tokens
        parts = RowParts(pool: pool, width: tokens.count)
    }

    /// Fills the rows' records but for their sums, and adjusts the rows.
    func run(_ rows: [Row]) {
        for row in rows { row.record.head.initialize(to: ShardRecord.Head()) }
        guard !tokens.isEmpty else { return }
        parts.divide(rows.count)
        while originals.count < rows.count { originals.append([:]) }
        look(rows)
        adjust(rows)
        choose(rows)
    }

    /// Adds to the records the sums that the rows' choices ask for.
    ///
    /// - Parameter largest: of the whole vocabulary, before and after adjustments, by row.
    func sum(_ rows: [Row], largest: [(original: Float, adjusted: Float)]) {
        guard !tokens.isEmpty else { return }
        for index in rows.indices where rows[index].choice.logprobs > 0 { exchangeOriginals(rows[index], index) }
        addWeights(rows, { $0.logprobs > 0 }, { largest[$0].original }, { _ in 0 }, \.sum)
        for index in rows.indices where rows[index].choice.logprobs > 0 { exchangeOriginals(rows[index], index) }
        addWeights(rows, \.needsTotal, { largest[$0].adjusted }, { $0.temperature }, \.total)
    }

    /// Makes a row what the model gave, where log-probabilities are wanted of it; without them it stays adjusted.
    func restore(_ rows: [Row], _ index: Int) {
        if !tokens.isEmpty, rows[index].choice.logprobs > 0 { exchangeOriginals(rows[index], index) }
    }

    /// Takes from a row what a mask does not allow; `choose` then finds the best of the rest.
    ///
    /// - Parameter words: token i is bit i % 64 of word i / 64.
    func mask(_ rows: [Row], _ index: Int, _ words: UnsafePointer<UInt64>) {
        func isAllowed(_ token: Int) -> Bool { words[token >> 6] >> UInt64(token & 63) & 1 != 0 }
        let row = rows[index]
        for token in tokens where !isAllowed(token) { row.logits[token - tokens.lowerBound] = Self.refused }
        guard !tokens.isEmpty else { return }
        // What is refused stays so when rows become what the model gave.
        originals[index] = originals[index].filter { isAllowed(Int($0.key)) }
        row.record.head.pointee.draw = Draw(value: -.infinity, logit: -.infinity, token: .max)
        row.record.head.pointee.drawn = .nan
    }

    /// Lower than any logit that is allowed, and far from where arithmetic ends.
    private static let refused: Float = -1e30

    /// Takes the rows' totals again, where masks have changed them.
    func sumAgain(_ rows: [Row], largest: [(original: Float, adjusted: Float)]) {
        guard !tokens.isEmpty else { return }
        for row in rows { row.record.head.pointee.total = ExactSum() }
        addWeights(rows, \.needsTotal, { largest[$0].adjusted }, { $0.temperature }, \.total)
    }

    // MARK: - The passes

    private func look(_ rows: [Row]) {
        parts.run { index, range, part, list in
            let row = rows[index]
            (part.hasNoNaN, part.largest) = Logits.scan(row.logits + range.lowerBound, count: range.count)
            guard row.choice.logprobs > 0 else { return }
            part.count = select(row, range, Int(row.choice.logprobs), into: list)
        }
        for (index, row) in rows.enumerated() {
            let head = row.record.head
            for part in parts[index] {
                head.pointee.hasNoNaN = head.pointee.hasNoNaN && part.hasNoNaN
                head.pointee.largest = max(head.pointee.largest, part.largest)
            }
            guard row.choice.logprobs > 0 else { continue }
            head.pointee.top = Int32(parts.merge(index, most: Int(row.choice.logprobs), into: row.record.top))
            let watched = Int(row.choice.watched)
            if tokens.contains(watched) { head.pointee.watched = row.logits[watched - tokens.lowerBound] }
        }
    }

    private func adjust(_ rows: [Row]) {
        for (index, row) in rows.enumerated() {
            originals[index].removeAll(keepingCapacity: true)
            guard !row.choice.adjustments.isEmpty else { continue }
            if row.choice.logprobs > 0 {
                row.choice.adjustments.forEachToken(in: tokens) {
                    originals[index][$0] = row.logits[Int($0) - tokens.lowerBound]
                }
            }
            row.choice.adjustments.apply(to: row.logits, of: tokens)
        }
    }

    func choose(_ rows: [Row]) {
        guard !tokens.isEmpty else { return }
        parts.run { index, range, part, list in
            let row = rows[index]
            let (first, start) = (tokens.lowerBound + range.lowerBound, row.logits + range.lowerBound)
            switch row.choice.kind {
            case .greedy:
                let best = Logits.argmax(start, count: range.count)
                part.draw = Draw(value: best.value, logit: best.value, token: Int32(first + best.index))
            case .draw:
                let noise = GumbelNoise(seed: row.choice.seed, position: row.position)
                part.draw = Logits.draw(
                    start,
                    count: range.count,
                    first: first,
                    temperature: row.choice.temperature,
                    noise: noise.key
                )
            case .filtered(let most):
                part.count = select(row, range, most, into: list)
            }
        }
        for (index, row) in rows.enumerated() {
            let head = row.record.head
            if row.choice.candidates > 0 {
                let count = parts.merge(index, most: row.choice.candidates, into: row.record.candidates)
                head.pointee.candidates = Int32(count)
                guard row.choice.logprobs > 0 else { continue }
                for place in 0..<count {
                    row.record.logits[place] = original(row, index, row.record.candidates[place].token)
                }
            } else {
                for part in parts[index] where part.draw.isBetter(than: head.pointee.draw) {
                    head.pointee.draw = part.draw
                }
                // Nothing is drawn of a part in which nothing is a number.
                if tokens.contains(Int(head.pointee.draw.token)) {
                    head.pointee.drawn = original(row, index, head.pointee.draw.token)
                }
            }
        }
    }

    private func addWeights(
        _ rows: [Row],
        _ isWanted: (TokenChoice) -> Bool,
        _ shift: (Int) -> Float,
        _ temperature: (TokenChoice) -> Float,
        _ sum: WritableKeyPath<ShardRecord.Head, ExactSum>
    ) {
        guard rows.contains(where: { isWanted($0.choice) }) else { return }
        parts.run { index, range, part, _ in
            let row = rows[index]
            guard isWanted(row.choice) else { return }
            part.sum = Logits.weights(
                row.logits + range.lowerBound,
                count: range.count,
                shift: shift(index),
                temperature: temperature(row.choice)
            )
        }
        for (index, row) in rows.enumerated() where isWanted(row.choice) {
            for part in parts[index] { row.record.head.pointee[keyPath: sum] += part.sum }
        }
    }

    private func select(
        _ row: Row,
        _ range: Range<Int>,
        _ most: Int,
        into list: UnsafeMutablePointer<Candidate>
    ) -> Int {
        Logits.select(
            row.logits + range.lowerBound,
            count: range.count,
            first: tokens.lowerBound + range.lowerBound,
            most: most,
            into: list
        )
    }

    // MARK: - Logits before adjustments

    private func original(_ row: Row, _ index: Int, _ token: Int32) -> Float {
        originals[index][token] ?? row.logits[Int(token) - tokens.lowerBound]
    }

    /// Puts the adjusted tokens' original logits into the row, or the adjusted ones back.
    private func exchangeOriginals(_ row: Row, _ index: Int) {
        for (token, logit) in originals[index] {
            let place = Int(token) - tokens.lowerBound
            originals[index][token] = row.logits[place]
            row.logits[place] = logit
        }
    }
}
