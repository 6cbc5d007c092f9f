internal import Communication
internal import Sharding
internal import Tensors
internal import Requests

/// What became of one wanted row of logits.
package enum LogitsResult: Equatable, Sendable {
    case candidate(run: Int, Candidate)
    /// `[vocabulary]`.
    case all(run: Int, [Float])
}

/// Brings what the leader needs of the logits to it: one candidate a rank, or every rank's shard.
///
/// ## Communication
/// Candidates only: 8 bytes a row and rank, through shared memory when all ranks are on one host. Otherwise one gather to
/// rank 0 a step, with 4 bytes a vocabulary row of the rank's shard for a row that is wanted whole (608 kB in all for a
/// vocabulary of 151,936).
final class LogitsGather {
    private let plan: ShardPlan
    private let communicator: any Communicator
    private let ownRows: Range<Int>
    private let shared: SharedBlocks?
    private var mine: [UInt8] = []
    private var all: [UInt8] = []
    private var layout: BlockLayout
    /// How far each rank's bytes have been unpacked.
    private var offsets: [Int]
    private var results: [LogitsResult] = []

    /// Collective over the decoder ranks.
    init(plan: ShardPlan, maxRows: Int, communicator: any Communicator) {
        self.plan = plan
        self.communicator = communicator
        ownRows = plan.shards[communicator.rank].vocabularyRows
        let blockBytes = maxRows * MemoryLayout<Candidate>.size
        shared = communicator.share(byteCounts: plan.shards.map { _ in blockBytes })
        layout = BlockLayout(counts: Array(repeating: 0, count: communicator.size))
        offsets = Array(repeating: 0, count: communicator.size)
    }

    /// Collective over the decoder ranks.
    ///
    /// - Parameters:
    ///   - wanted: the plan's rows with logits.
    ///   - shard: `[wanted rows, vocabulary rows of this rank]`.
    func gather(
        _ step: StepPlan,
        _ wanted: [(run: Int, row: Int)],
        _ shard: UnsafePointer<Float>
    ) throws -> [LogitsResult] {
        results.removeAll(keepingCapacity: true)
        guard !wanted.isEmpty else { return results }
        mine.removeAll(keepingCapacity: true)
        var wantsCandidatesOnly = true
        for (place, row) in wanted.enumerated() {
            let run = step.runs[row.run]
            append(run, UnsafeBufferPointer(start: shard + place * ownRows.count, count: ownRows.count))
            if run.logits == .all { wantsCandidatesOnly = false }
        }
        if let shared, wantsCandidatesOnly {
            let room = UnsafeMutableRawBufferPointer(start: shared.own, count: mine.count)
            mine.withUnsafeBytes { room.copyMemory(from: $0) }
            shared.complete(sending: communicator.rank == 0 ? 0 : mine.count)
            guard communicator.rank == 0 else { return results }
            for (place, row) in wanted.enumerated() {
                let offset = place * MemoryLayout<Candidate>.size
                let best = best { UnsafeRawPointer(shared.completed($0) + offset) }
                results.append(.candidate(run: row.run, best))
            }
        } else {
            try gather(step, wanted)
            if communicator.rank == 0 { unpack(step, wanted) }
        }
        return results
    }

    private func gather(_ step: StepPlan, _ wanted: [(run: Int, row: Int)]) throws {
        layout.update { rank in
            var count = 0
            for row in wanted { count += bytes(of: step.runs[row.run], onRank: rank) }
            return count
        }
        if communicator.rank == 0, all.count < layout.total { all = [UInt8](repeating: 0, count: layout.total) }
        try mine.withUnsafeBytes { mine in
            try all.withUnsafeMutableBytes { all in
                guard let from = mine.baseAddress else { return }
                try communicator.gather(from, into: all.baseAddress ?? UnsafeMutableRawPointer(mutating: from), layout)
            }
        }
    }

    private func bytes(of run: StepPlan.Run, onRank rank: Int) -> Int {
        run.logits == .all ? plan.shards[rank].vocabularyRows.count * 4 : MemoryLayout<Candidate>.size
    }

    private func append(_ run: StepPlan.Run, _ logits: UnsafeBufferPointer<Float>) {
        if run.logits == .all {
            mine.append(contentsOf: UnsafeRawBufferPointer(logits))
            return
        }
        var options = Sampling()
        options.temperature = run.temperature
        options.seed = run.seed
        let position = Int(run.start + run.count)
        let best = Sampler.candidate(logits, firstToken: ownRows.lowerBound, options, position: position)
        withUnsafeBytes(of: best) { mine.append(contentsOf: $0) }
    }

    private func unpack(_ step: StepPlan, _ wanted: [(run: Int, row: Int)]) {
        for rank in offsets.indices { offsets[rank] = Int(layout.offsets[rank]) }
        all.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            for row in wanted {
                let run = step.runs[row.run]
                if run.logits == .all {
                    var logits: [Float] = []
                    for rank in offsets.indices {
                        let end = offsets[rank] + self.bytes(of: run, onRank: rank)
                        for place in stride(from: offsets[rank], to: end, by: 4) {
                            logits.append(bytes.loadUnaligned(fromByteOffset: place, as: Float.self))
                        }
                    }
                    results.append(.all(run: row.run, logits))
                } else {
                    results.append(.candidate(run: row.run, best { base + offsets[$0] }))
                }
                for rank in offsets.indices { offsets[rank] += self.bytes(of: run, onRank: rank) }
            }
        }
    }

    /// The best of all ranks' candidates for a row.
    private func best(_ candidateOfRank: (Int) -> UnsafeRawPointer) -> Candidate {
        var best = Candidate(value: -.infinity, token: .max)
        for rank in 0..<communicator.size {
            let bytes = candidateOfRank(rank)
            let candidate = Candidate(
                value: bytes.loadUnaligned(as: Float.self),
                token: bytes.loadUnaligned(fromByteOffset: 4, as: Int32.self)
            )
            best = best.token == .max ? candidate : best.better(candidate)
        }
        return best
    }
}
