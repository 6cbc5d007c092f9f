internal import Communication
internal import Sharding
internal import Tensors

/// What became of one wanted row of logits.
package enum LogitsResult: Equatable, Sendable {
    case candidate(run: Int, Candidate)
    /// `[vocabulary]`.
    case all(run: Int, [Float])
}

/// Brings what the leader needs of the logits to it: one candidate a rank, or every rank's shard.
///
/// ## Communication
/// One gather to rank 0 a step: 8 bytes for a row of which only candidates are wanted, 4 bytes a vocabulary row
/// of the rank's shard otherwise (608 kB in all for a vocabulary of 151,936).
final class LogitsGather {
    private let plan: ShardPlan
    private let communicator: any Communicator
    private let ownRows: Range<Int>
    private var mine: [UInt8] = []
    private var all: [UInt8] = []
    private var layout: BlockLayout

    init(plan: ShardPlan, communicator: any Communicator) {
        self.plan = plan
        self.communicator = communicator
        ownRows = plan.shards[communicator.rank].vocabularyRows
        layout = BlockLayout(counts: Array(repeating: 0, count: communicator.size))
    }

    /// Collective over the decoder ranks.
    ///
    /// - Parameter shard: `[wanted rows, vocabulary rows of this rank]`.
    func gather(_ step: StepPlan, _ shard: UnsafePointer<Float>) throws -> [LogitsResult] {
        let wanted = step.logitsRows
        guard !wanted.isEmpty else { return [] }
        mine.removeAll(keepingCapacity: true)
        for (place, row) in wanted.enumerated() {
            let logits = UnsafeBufferPointer(start: shard + place * ownRows.count, count: ownRows.count)
            append(step.runs[row.run], logits)
        }
        layout.update { rank in wanted.reduce(0) { $0 + bytes(of: step.runs[$1.run], onRank: rank) } }
        let isLeader = communicator.rank == 0
        if isLeader && all.count < layout.total { all = [UInt8](repeating: 0, count: layout.total) }
        try mine.withUnsafeBytes { mine in
            try all.withUnsafeMutableBytes { all in
                guard let from = mine.baseAddress else { return }
                try communicator.gather(from, into: all.baseAddress ?? UnsafeMutableRawPointer(mutating: from), layout)
            }
        }
        return isLeader ? unpack(step, wanted) : []
    }

    private func bytes(of run: StepPlan.Run, onRank rank: Int) -> Int {
        run.logits == .all ? plan.shards[rank].vocabularyRows.count * 4 : MemoryLayout<Candidate>.size
    }

    private func append(_ run: StepPlan.Run, _ logits: UnsafeBufferPointer<Float>) {
        if run.logits == .all {
            mine.append(contentsOf: UnsafeRawBufferPointer(logits))
            return
        }
        var options = SamplingOptions()
        options.temperature = run.temperature
        options.seed = run.seed
        let position = Int(run.start + run.count)
        let best = Sampler.candidate(logits, firstToken: ownRows.lowerBound, options, position: position)
        withUnsafeBytes(of: best) { mine.append(contentsOf: $0) }
    }

    private func unpack(_ step: StepPlan, _ wanted: [(run: Int, row: Int)]) -> [LogitsResult] {
        var offsets = layout.offsets.map(Int.init)
        return all.withUnsafeBytes { bytes in
            wanted.map { row in
                let run = step.runs[row.run]
                var best = Candidate(value: -.infinity, token: .max)
                var logits: [Float] = []
                for rank in offsets.indices {
                    let count = self.bytes(of: run, onRank: rank)
                    if run.logits == .all {
                        for place in stride(from: offsets[rank], to: offsets[rank] + count, by: 4) {
                            logits.append(bytes.loadUnaligned(fromByteOffset: place, as: Float.self))
                        }
                    } else {
                        let candidate = Candidate(
                            value: bytes.loadUnaligned(fromByteOffset: offsets[rank], as: Float.self),
                            token: bytes.loadUnaligned(fromByteOffset: offsets[rank] + 4, as: Int32.self)
                        )
                        best = best.token == .max ? candidate : best.better(candidate)
                    }
                    offsets[rank] += count
                }
                return run.logits == .all ? .all(run: row.run, logits) : .candidate(run: row.run, best)
            }
        }
    }
}
