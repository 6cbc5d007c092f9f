import Foundation
import TestSupport
import Testing

/// What a token costs each rank's main thread in allocations, from the difference of two answers' lengths.
///
/// The forward pass makes none (`TreeAllReduceTests`). A follower's are the plan that it decodes and the request of the
/// next message; nearly all of the leader's are the report to the process in front, after the step.
@Suite("Allocations of a step", .serialized, .ownThread)
struct StepAllocationTests {
    @Test("a vision rank none, a follower a handful, the leader a report's worth")
    func perToken() throws {
        try RankLossTests.withEndlessModel { model, directory in
            let library = try AllocationCount.library(in: directory)
            let short = try Self.counts(model, library, directory, tokens: 20)
            let long = try Self.counts(model, library, directory, tokens: 60)
            #expect(short.count == 3 && long.count == 3)
            let perToken = zip(short, long).map { ($1 - $0) / 40 }
            #if DEBUG
            // Without the optimiser, loops over collections allocate: `swift test -c release` shows the real numbers.
            let limits: [Double] = [2000, 1000, 20]
            #else
            // Reports come by the second, so that a busy machine has more of them a token.
            let limits: [Double] = [110, 8, 4]
            #endif
            for (rank, (found, limit)) in zip(perToken, limits).enumerated() {
                #expect(found <= limit, "rank \(rank): \(found) allocations a token")
            }
        }
    }

    private static func counts(_ model: URL, _ library: URL, _ directory: URL, tokens: Int) throws -> [Double] {
        let file = directory.appendingPathComponent("allocations-\(tokens)")
        let outcome = try FlotillaProgram.run(
            [
                "generate", "--model", model.path, "--prompt", "describe", "--max-tokens", "\(tokens)",
                "--decoder-ranks", "2",
            ],
            in: directory,
            environment: ["LD_PRELOAD": library.path, "FLOTILLA_TEST_ALLOCATIONS": file.path]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        return lines.map { $0.split(separator: " ").compactMap { Double($0) } }.sorted { $0[0] < $1[0] }.map { $0[1] }
    }
}
