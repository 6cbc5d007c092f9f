import PageFiles
import Requests
import TestSupport
import Testing

@testable import Inference

/// Decoder ranks without a model: what stands in each place of their memory is a digest of all tokens up to there, so that
/// a page in the wrong place, too early or too late is seen.
struct ToyRanks {
    let pageTokens: Int
    /// Chances in a thousand that a page cannot be written, or read.
    var saveFailures = 0
    var loadFailures = 0
    private(set) var memory: [[[Int]]]
    private(set) var disks: [[PageKey: [Int]]]
    /// By rank: what is under way, and what stood in the page when it began.
    private var moves: [[(transfer: PageTransfer, content: [Int])]]
    private(set) var loads = 0

    init(ranks: Int, pages: Int, pageTokens: Int) {
        self.pageTokens = pageTokens
        memory = Array(repeating: Array(repeating: Array(repeating: 0, count: pageTokens), count: pages), count: ranks)
        disks = Array(repeating: [:], count: ranks)
        moves = Array(repeating: [], count: ranks)
    }

    /// What every rank has, as ranks agree on it at a start.
    var common: [PageKey] {
        disks[0].keys.filter { key in disks.allSatisfy { $0[key] != nil } }
            .sorted { ($0.high, $0.low) < ($1.high, $1.low) }
    }

    /// All ranks are killed, and others come; what was under way may be there or not.
    mutating func restart(_ random: inout SeededRandom) {
        for rank in disks.indices {
            for move in moves[rank] where move.transfer.kind == .save && Bool.random(using: &random) {
                disks[rank][move.transfer.key] = move.content
            }
            moves[rank] = []
            for page in memory[rank].indices { memory[rank][page] = Array(repeating: -1, count: pageTokens) }
        }
        let common = Set(common)
        for rank in disks.indices { disks[rank] = disks[rank].filter { common.contains($0.key) } }
    }

    /// A file of one rank is lost or damaged.
    mutating func damage(_ random: inout SeededRandom) {
        let rank = Int.random(in: 0..<disks.count, using: &random)
        let keys = disks[rank].keys.sorted { $0.low < $1.low }
        if let key = keys.randomElement(using: &random) { disks[rank][key] = nil }
    }

    /// Carries out a plan on every rank; `tokens` are those of the sequence behind each run.
    mutating func execute(_ plan: StepPlan, tokens: [[Int32]]) {
        for rank in memory.indices {
            for key in plan.drops { disks[rank][key] = nil }
            for transfer in plan.transfers {
                moves[rank].append((transfer, memory[rank][Int(transfer.page)]))
            }
            let isMoving = Set(moves[rank].map(\.transfer.page))
            for (run, tokens) in zip(plan.runs, tokens) {
                let digests = Self.digests(tokens)
                for position in 0..<Int(run.start + run.count) {
                    let page = Int(run.pages[position / pageTokens])
                    if position < run.start {
                        let found = memory[rank][page][position % pageTokens]
                        #expect(found == digests[position], "rank \(rank), position \(position)")
                    } else {
                        #expect(!isMoving.contains(Int32(page)), "page \(page) is written while it is under way")
                        memory[rank][page][position % pageTokens] = digests[position]
                    }
                }
            }
        }
    }

    private static func digests(_ tokens: [Int32]) -> [Int] {
        var digest = 17
        return tokens.map { token in
            digest = digest &* 1_000_003 ^ Int(token)
            return digest
        }
    }

    /// Some of what is under way comes to its end.
    mutating func outcomes(_ random: inout SeededRandom, all: Bool = false) -> [PageOutcome] {
        var outcomes: [PageOutcome] = []
        for rank in moves.indices {
            for (transfer, content) in moves[rank].shuffled(using: &random) {
                guard all || Int.random(in: 0..<3, using: &random) == 0 else { continue }
                moves[rank].removeAll { $0.transfer == transfer }
                let failure = finish(transfer, content, rank, &random)
                outcomes.append(PageOutcome(transfer, failure: failure, microseconds: 5))
            }
        }
        return outcomes
    }

    private mutating func finish(
        _ transfer: PageTransfer,
        _ content: [Int],
        _ rank: Int,
        _ random: inout SeededRandom
    ) -> PageFailure? {
        let (page, chance) = (Int(transfer.page), Int.random(in: 0..<1000, using: &random))
        switch transfer.kind {
        case .save:
            #expect(memory[rank][page] == content, "page \(page) changed while it was written")
            if chance < saveFailures { return .full }
            disks[rank][transfer.key] = content
        case .load:
            // After a failure anything may stand there.
            memory[rank][page] = Array(repeating: -7, count: pageTokens)
            guard let found = disks[rank][transfer.key] else { return .missing }
            if chance < loadFailures { return .damaged }
            memory[rank][page] = found
            loads += 1
        }
        return nil
    }
}
