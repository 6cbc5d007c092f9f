import Communication
import Kernels
import Requests
import Sharding
import TestSupport

@testable import Inference

/// One row of logits that ranks choose a token of, in one process: each rank a scan of its part, the leader's choice.
struct LogitRow {
    var choice: TokenChoice
    var position = 7
    var threads = 2

    /// What the ranks and the leader come to; `nil` where all logits are asked for.
    struct Outcome {
        let row: Sampler.Row
        /// The ranks' rows as they are then, side by side: adjusted.
        let adjusted: [Float]
    }

    /// - Parameter cuts: where ranks' parts end, but for the last.
    func run(_ logits: [Float], cuts: [Int], _ body: (Outcome) -> Void) {
        let ends = cuts + [logits.count]
        var copy = logits
        var memory: [UnsafeMutableRawPointer] = []
        defer { for base in memory { base.deallocate() } }
        copy.withUnsafeMutableBufferPointer { copy in
            guard let base = copy.baseAddress else { return }
            let pool = ThreadPool(threads: threads)
            var scans: [(ShardScan, [ShardScan.Row])] = []
            for (start, end) in zip([0] + cuts, ends) {
                let place = UnsafeMutableRawPointer.allocate(byteCount: ShardRecord.bytes(choice), alignment: 64)
                memory.append(place)
                let row = ShardScan.Row(
                    run: 0,
                    position: position,
                    choice: choice,
                    logits: base + start,
                    record: ShardRecord(at: place, choice)
                )
                scans.append((ShardScan(pool: pool, tokens: start..<end), [row]))
            }
            for (scan, rows) in scans { scan.run(rows) }
            let records = scans.map { $0.1[0].record }
            var largest: (original: Float, adjusted: Float) = (-.infinity, -.infinity)
            for record in records {
                largest.original = max(largest.original, record.head.pointee.largest)
                if record.head.pointee.candidates > 0 {
                    largest.adjusted = max(largest.adjusted, record.candidates[0].logit)
                }
            }
            for (scan, rows) in scans { scan.sum(rows, largest: [largest]) }
            let row = Sampler.Row(choice: choice, position: position, vocabulary: logits.count, records: records)
            body(Outcome(row: row, adjusted: Array(copy)))
        }
    }

    /// The token that is chosen in the end, and whether the candidates were enough for it.
    func token(_ logits: [Float], cuts: [Int] = []) -> (token: Int32?, wasEnough: Bool) {
        var result: (Int32?, Bool) = (nil, true)
        run(logits, cuts: cuts) { outcome in
            if let draw = outcome.row.draw() {
                result = (draw.token, true)
            } else {
                let draw = Sampler.draw(
                    all: outcome.adjusted,
                    vocabulary: logits.count,
                    choice,
                    position: position,
                    total: outcome.row.total
                )
                result = (draw?.token, false)
            }
        }
        return result
    }
}

extension TokenChoice {
    init(_ change: (inout TokenChoice) -> Void) {
        self.init()
        change(&self)
    }
}
