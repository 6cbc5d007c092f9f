internal import Communication
internal import Kernels
internal import Sharding
internal import Tensors

/// Chooses the wanted rows' tokens: each rank looks through its part of the logits, the leader takes what comes of it.
///
/// ## Communication
/// A record a row and rank (`ShardRecord`): some 120 bytes, and 8 for each of the likeliest tokens that a filter asks for,
/// at most 256. Where log-probabilities or top-p need a sum over the vocabulary, two floats a row ahead of it. Rows whose
/// filters might want more tokens are followed by a word a row from the leader, nearly always "enough". Through shared
/// memory when all ranks are on one host. Whole rows, 4 bytes a token, travel for traces, and where it was not enough.
final class LogitsGather {
    let plan: ShardPlan
    private let communicator: any Communicator
    private let ownTokens: Range<Int>
    let scan: ShardScan
    let exchange: RecordExchange
    private let pool: ThreadPool
    var rows: [ShardScan.Row] = []
    var largest: [(original: Float, adjusted: Float)] = []
    /// The step's results, and the rows of which more must be known; filled anew by each step, like the lists below.
    private var chosen: [ChosenToken] = []
    private var undecided: [Undecided] = []
    private var records: [ShardRecord] = []
    private var scratch = Sampler.Scratch()
    /// Bytes that this rank has contributed so far, as records and as whole rows.
    private(set) var recordBytes = 0
    private(set) var wholeBytes = 0

    /// A row whose candidates were not enough, and what the records say of it, which the next exchange writes over.
    private struct Undecided {
        let index: Int
        let total: ExactSum
        let makings: Logprobs?
    }

    private var vocabulary: Int { plan.shards.last?.vocabularyRows.upperBound ?? 0 }
    var isLeader: Bool { communicator.rank == 0 }

    /// Collective over the decoder ranks.
    init(plan: ShardPlan, maxRows: Int, communicator: any Communicator, pool: ThreadPool) {
        self.plan = plan
        self.communicator = communicator
        self.pool = pool
        ownTokens = plan.shards[communicator.rank].vocabularyRows
        scan = ShardScan(pool: pool, tokens: ownTokens)
        exchange = RecordExchange(
            maxBytes: max(maxRows * ShardRecord.mostBytes, 8 * Self.maskWords(plan)),
            maxNumbers: max(2 * maxRows, 2 * Self.maskWords(plan)),
            communicator: communicator
        )
    }

    /// Collective over the decoder ranks.
    ///
    /// - Parameters:
    ///   - wanted: the plan's rows with logits.
    ///   - shard: `[wanted rows, vocabulary rows of this rank]`; adjustments and masks change it.
    ///   - allowed: on the leader, what a format allows a run behind so many of its drafts.
    /// - Returns: on the leader a token for each row, elsewhere nothing.
    func gather(
        _ step: StepPlan,
        _ wanted: [StepPlan.LogitsRow],
        _ shard: UnsafeMutablePointer<Float>,
        _ allowed: (_ run: Int, _ drafts: Int) -> AllowedTokens? = { _, _ in nil }
    ) throws -> [ChosenToken] {
        guard !wanted.isEmpty else { return [] }
        // What the rows share with the plan is the plan's again.
        defer { rows.removeAll(keepingCapacity: true) }
        return try pool.step {
            setRows(step, wanted, shard)
            let traced = try whole(rows.indices.filter { step.runs[rows[$0].run].logits == .all })
            scan.run(rows)
            if rows.contains(where: { $0.choice.logprobs > 0 || $0.choice.needsTotal }) {
                try agreeOnLargest()
                scan.sum(rows, largest: largest)
            }
            let bytes = rows.reduce(0) { $0 + ShardRecord.bytes($1.choice) }
            recordBytes += bytes
            try exchange.gather(bytes)
            choose()
            if rows.contains(where: { $0.choice.isConstrained }), try mask(chosen, allowed) {
                try exchange.gather(bytes)
                choose()
            }
            for index in chosen.indices { chosen[index].logits = traced[index] }
            if rows.contains(where: { $0.choice.maybeNeedsAll }) { try decide() }
            return chosen
        }
    }

    private func setRows(_ step: StepPlan, _ wanted: [StepPlan.LogitsRow], _ shard: UnsafeMutablePointer<Float>) {
        rows.removeAll(keepingCapacity: true)
        var offset = 0
        for (place, row) in wanted.enumerated() {
            let choice = step.choice(of: row)
            rows.append(
                ShardScan.Row(
                    run: row.run,
                    position: row.position,
                    drafts: row.drafts,
                    choice: choice,
                    logits: shard + place * ownTokens.count,
                    record: ShardRecord(at: exchange.own + offset, choice)
                )
            )
            offset += ShardRecord.bytes(choice)
        }
    }

    /// Tells every rank the largest logits of every row: weights are relative to them.
    func agreeOnLargest() throws {
        try exchange.share(2 * rows.count) { own in
            for (index, row) in rows.enumerated() {
                let head = row.record.head.pointee
                own[2 * index] = head.largest
                own[2 * index + 1] = head.candidates > 0 ? row.record.candidates[0].logit : -.infinity
            }
        }
        largest.removeAll(keepingCapacity: true)
        for index in rows.indices {
            var most: (original: Float, adjusted: Float) = (-.infinity, -.infinity)
            for rank in 0..<communicator.size {
                let numbers = exchange.numbers(of: rank)
                most.original = max(most.original, numbers[2 * index])
                most.adjusted = max(most.adjusted, numbers[2 * index + 1])
            }
            largest.append(most)
        }
    }

    // MARK: - The leader's part

    /// Finds the tokens, and the rows of which more must be known.
    private func choose() {
        chosen.removeAll(keepingCapacity: true)
        undecided.removeAll(keepingCapacity: true)
        guard isLeader else { return }
        var offset = 0
        for (index, row) in rows.enumerated() {
            let merged = merged(row, at: offset)
            offset += ShardRecord.bytes(row.choice)
            var result = ChosenToken(run: row.run)
            if merged.isNumeric {
                result.token = merged.draw(&scratch)?.token
                if result.token == nil {
                    let makings = row.choice.logprobs > 0 ? merged.logprobs(-1) : nil
                    undecided.append(Undecided(index: index, total: merged.total, makings: makings))
                }
            }
            if let token = result.token, row.choice.logprobs > 0 { result.logprobs = merged.logprobs(token) }
            chosen.append(result)
        }
    }

    private func merged(_ row: ShardScan.Row, at offset: Int) -> Sampler.Row {
        records.removeAll(keepingCapacity: true)
        for rank in 0..<communicator.size {
            records.append(ShardRecord(at: exchange.gathered(rank) + offset, row.choice))
        }
        return Sampler.Row(choice: row.choice, position: row.position, vocabulary: vocabulary, records: records)
    }

    /// The rows that the leader names, on every rank.
    ///
    /// Collective.
    func toldByLeader(_ indices: [Int]) throws -> [Int] {
        try exchange.share(rows.count) { own in
            for index in rows.indices { own[index] = indices.contains(index) ? 1 : 0 }
        }
        let told = exchange.numbers(of: 0)
        return rows.indices.filter { told[$0] != 0 }
    }

    /// Fetches all logits of the rows that the candidates have not decided.
    ///
    /// Collective, where a row of the step might be one.
    private func decide() throws {
        let wanted = try toldByLeader(undecided.map(\.index))
        for index in wanted { scan.restore(rows, index) }
        let all = try whole(wanted)
        for row in undecided {
            guard let original = all[row.index] else { continue }
            let traced = chosen[row.index].logits
            chosen[row.index] = decided(rows[row.index], original, row.total, row.makings)
            chosen[row.index].logits = traced
        }
    }

    private func decided(
        _ row: ShardScan.Row,
        _ original: [Float],
        _ total: ExactSum,
        _ makings: Logprobs?
    ) -> ChosenToken {
        var adjusted = original
        let draw = adjusted.withUnsafeMutableBufferPointer { buffer -> Draw? in
            guard let logits = buffer.baseAddress else { return nil }
            // Without log-probabilities the ranks' rows have stayed adjusted.
            if row.choice.logprobs > 0 { row.choice.adjustments.apply(to: logits, of: 0..<vocabulary) }
            return Sampler.draw(
                all: logits,
                vocabulary: vocabulary,
                row.choice,
                position: row.position,
                total: total
            )
        }
        var result = ChosenToken(run: row.run, token: draw?.token)
        if let makings, let token = result.token {
            result.logprobs = makings.with(token, logit: original[Int(token)])
        }
        return result
    }

    /// On the leader, whole rows as the ranks have them.
    ///
    /// Collective; nothing is exchanged where none is wanted.
    private func whole(_ indices: [Int]) throws -> [Int: [Float]] {
        guard !indices.isEmpty else { return [:] }
        var all: [Int: [Float]] = [:]
        let layout = BlockLayout(counts: plan.shards.map { $0.vocabularyRows.count * 4 })
        for index in indices {
            wholeBytes += ownTokens.count * 4
            var row = [Float](repeating: 0, count: isLeader ? vocabulary : 1)
            try row.withUnsafeMutableBytes { row in
                guard let base = row.baseAddress else { return }
                try communicator.gather(rows[index].logits, into: base, layout)
            }
            if isLeader { all[index] = row }
        }
        return all
    }
}
