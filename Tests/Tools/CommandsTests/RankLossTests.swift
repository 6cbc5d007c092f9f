import Foundation
import TestSupport
import Testing

/// What becomes of a group when something dies while it answers.
@Suite("Losing a rank", .serialized, .ownThread)
struct RankLossTests {
    /// A checkpoint of random weights, which never ends an answer by itself.
    static func withEndlessModel(_ body: (_ model: URL, _ directory: URL) throws -> Void) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let model = directory.appendingPathComponent("model")
            let shape = Fixtures.url("mini-bf16/config.json").path
            let outcome = try FlotillaProgram.run(
                ["synth", "--shape", shape, "--out", model.path, "--seed", "3"],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            try body(model, directory)
        }
    }

    /// Starts an answer of 30,000 tokens on 2 decoder ranks and 1 vision rank, and waits until its text comes.
    static func startAnswer(_ model: URL, _ directory: URL) throws -> FlotillaProgram.Running {
        let running = try FlotillaProgram.start(
            [
                "generate", "--model", model.path, "--prompt", "describe the image", "--image",
                Fixtures.url("images/wide.png").path, "--max-tokens", "30000", "--decoder-ranks", "2",
                "--vision-ranks", "1", "--speculate", "off",
            ],
            in: directory
        )
        #expect(running.waitForOutput(), "no answer began")
        return running
    }

    @Test("each rank killed in mid-answer: exit 7, the rank named, nothing left", arguments: 0..<4)
    func killedRank(round: Int) throws {
        try Self.withEndlessModel { model, directory in
            for victim in 0..<3 {
                let running = try Self.startAnswer(model, directory)
                let ranks = RankProcesses.of(model: model)
                #expect(ranks.count == 3)
                let pid = try #require(ranks[victim])
                kill(pid, SIGKILL)
                let outcome = running.wait()
                #expect(outcome.status == 7 && !outcome.wasSignalled, "\(outcome.errors)")
                #expect(outcome.errors.contains("rank \(victim)"), "\(outcome.errors)")
                #expect(Poll.until { RankProcesses.of(model: model).isEmpty })
            }
        }
    }

    @Test("with --restarts the answer of a group that lost a rank is, byte for byte, the one of a group that did not")
    func restarts() throws {
        try Self.withEndlessModel { model, directory in
            func answer(_ tokens: Int, killing: Bool) throws -> FlotillaProgram.Outcome {
                let running = try FlotillaProgram.start(
                    [
                        "generate", "--model", model.path, "--prompt", "describe the image", "--max-tokens",
                        "\(tokens)",
                        "--decoder-ranks", "2", "--temperature", "0.8", "--seed", "5", "--restarts", "2",
                        "--speculate", "off",
                    ],
                    in: directory
                )
                #expect(running.waitForOutput(), "no answer began")
                if killing, let rank = RankProcesses.of(model: model)[1] { kill(rank, SIGKILL) }
                return running.wait()
            }
            // Where an answer was over before its rank was, a longer one is tried.
            for tokens in [3000, 12_000, 30_000] {
                let replayed = try answer(tokens, killing: true)
                #expect(replayed.status == 0, "\(replayed.errors)")
                guard replayed.errors.contains("group lost") else { continue }
                let whole = try answer(tokens, killing: false)
                #expect(whole.status == 0 && !whole.errors.contains("group lost"), "\(whole.errors)")
                #expect(replayed.output == whole.output && !whole.output.isEmpty)
                return
            }
            Issue.record("no answer was long enough to be interrupted")
        }
    }

    @Test("an interrupted answer ends by the signal and leaves nothing", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) throws {
        try Self.withEndlessModel { model, directory in
            let running = try Self.startAnswer(model, directory)
            kill(running.process.processIdentifier, signal)
            let outcome = running.wait()
            #expect(outcome.wasSignalled && outcome.status == signal)
            #expect(Poll.until { RankProcesses.of(model: model).isEmpty })
        }
    }

    @Test("when the process in front is killed, its ranks end")
    func killedFront() throws {
        try Self.withEndlessModel { model, directory in
            let running = try Self.startAnswer(model, directory)
            kill(running.process.processIdentifier, SIGKILL)
            _ = running.wait()
            #expect(Poll.until { RankProcesses.of(model: model).isEmpty })
        }
    }
}
