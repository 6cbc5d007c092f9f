import Foundation
import TestSupport
import Testing

/// What a step costs each rank's main thread in allocations.
///
/// The forward pass makes none (`TreeAllReduceTests`), and neither does the rest of a step that is like the one before it:
/// plan, choice, drafts, report. What is left is a page that is full and gets its name, one step in 64 of a sequence, and once
/// a second what the rank says about itself.
@Suite("Allocations of a step", .serialized, .ownThread)
struct StepAllocationTests {
    /// What answers ask for.
    enum Question: String, CaseIterable {
        case greedy, sampled, penalised, guessed, several

        /// Where the made-up model would choose one of its ends by chance, they are forbidden.
        private static let lasting = ["--logit-bias", "925:-100", "--logit-bias", "927:-100"]

        var options: [String] {
            switch self {
            case .greedy: ["--speculate", "off"]
            case .sampled:
                ["--speculate", "off", "--temperature", "0.8", "--top-p", "0.9", "--top-k", "40", "--seed", "5"]
                    + Self.lasting
            case .penalised:
                ["--speculate", "off", "--repetition-penalty", "1.1", "--frequency-penalty", "0.2"] + Self.lasting
            case .guessed: []
            case .several: ["--temperature", "0.9", "--seed", "3"]
            }
        }
    }

    @Test("a step like the one before allocates nothing, on the leader and on a follower", arguments: Question.allCases)
    func steps(_ question: Question) throws {
        try RankLossTests.withEndlessModel { model, directory in
            let library = try AllocationCount.library(in: directory)
            let ranks = try Self.ranks(model, library, directory, tokens: 240, question)
            #expect(ranks.count == 3)
            for rank in ranks.prefix(2) {
                // Drafts take several tokens in one step, and hardly a step is like the one before: another number of rows, a
                // page more or less, a page of one of four that is full.
                let isUneven = [.guessed, .several].contains(question)
                #expect(rank.steps >= (isUneven ? 20 : 200), "\(rank)")
                #if !DEBUG
                // Without the optimiser, loops over collections allocate.
                let most = isUneven ? rank.steps * 2 / 3 : max(12, rank.steps / 16)
                #expect(rank.steps - rank.clean <= most, "\(rank)")
                #endif
            }
        }
    }

    @Test("a token costs a rank next to nothing, and a vision rank nothing")
    func perToken() throws {
        try RankLossTests.withEndlessModel { model, directory in
            let library = try AllocationCount.library(in: directory)
            #if DEBUG
            let limits: [Double] = [2000, 1000, 20]
            #else
            // Reports come by the second, so that a busy machine has more of them a token.
            let limits: [Double] = [12, 6, 4]
            #endif
            // What a rank says of itself by the second is more where everything takes longer: the least of some runs counts.
            var least: [Int: [Int]] = [:]
            var perToken: [Double] = []
            for turn in 0..<5 where turn == 0 || zip(perToken, limits).contains(where: { $0 > $1 }) {
                for tokens in [20, 60] {
                    let counts = try Self.ranks(model, library, directory, tokens: tokens, .guessed).map(\.count)
                    try #require(counts.count == 3)
                    least[tokens] = least[tokens].map { zip($0, counts).map { min($0, $1) } } ?? counts
                }
                perToken = zip(least[20] ?? [], least[60] ?? []).map { Double($1 - $0) / 40 }
            }
            for (rank, (found, limit)) in zip(perToken, limits).enumerated() {
                #expect(found <= limit, "rank \(rank): \(found) allocations a token")
            }
        }
    }

    /// A rank's main thread: its allocations, its steps, and those of them that made none.
    private struct Rank: CustomStringConvertible {
        let number, count, steps, clean: Int
        var description: String { "rank \(number): \(clean) of \(steps) steps without an allocation" }
    }

    private static func ranks(
        _ model: URL,
        _ library: URL,
        _ directory: URL,
        tokens: Int,
        _ question: Question
    ) throws -> [Rank] {
        let file = directory.appendingPathComponent("allocations-\(question)-\(tokens)")
        var arguments = ["generate", "--model", model.path, "--max-tokens", "\(tokens)", "--decoder-ranks", "2"]
        if question == .several {
            let lines = (1...4).map { number in
                #"{"id":"\#(number)","messages":[{"role":"user","content":"number \#(number)"}]}"#
            }
            let batch = directory.appendingPathComponent("several.jsonl")
            try (lines.joined(separator: "\n") + "\n").write(to: batch, atomically: true, encoding: .utf8)
            arguments += ["--batch", batch.path]
        } else {
            arguments += ["--prompt", "tell me about the sea"]
        }
        let outcome = try FlotillaProgram.run(
            arguments + question.options,
            in: directory,
            environment: ["LD_PRELOAD": library.path, "FLOTILLA_TEST_ALLOCATIONS": file.path]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        return lines.map { $0.split(separator: " ").compactMap { Int($0) } }.sorted { $0[0] < $1[0] }
            .map { Rank(number: $0[0], count: $0[1], steps: $0[2], clean: $0[3]) }
    }
}
