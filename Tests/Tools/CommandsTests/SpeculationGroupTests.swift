import Foundation
import TestSupport
import Testing

@Suite("Answers with drafts, over groups of ranks", .serialized, .ownThread)
struct SpeculationGroupTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        var ranks: Int
        var options: [String]
        var sharing = true
        var testDescription: String { "\(ranks) ranks, " + options.joined(separator: " ") }
    }

    /// Awkward numbers of ranks, all formats of weights and of the cache, and everything that looks at tokens one by one.
    static let settings = [
        Setting(ranks: 1, options: ["--logprobs", "3"]),
        Setting(ranks: 3, options: ["--format", "q4", "--kv", "q8"]),
        Setting(ranks: 2, options: ["--format", "bf16", "--temperature", "0.6", "--top-p", "0.95", "--top-k", "20"]),
        Setting(ranks: 4, options: ["--format", "q8", "--repetition-penalty", "1.02"], sharing: false),
        Setting(ranks: 2, options: ["--think", "on", "--think-budget", "11"]),
        Setting(ranks: 3, options: ["--temperature", "0.9", "--presence-penalty", "0.1", "--logprobs", "2"]),
        Setting(ranks: 1, options: ["--stop", "qq", "--stop", "ee"]),
        Setting(ranks: 4, options: ["--kv", "f32", "--frequency-penalty", "0.05", "--image", picture]),
        Setting(ranks: 2, options: ["--format", "q8", "--kv", "q8", "--temperature", "0.6", "--image", picture]),
    ]
    private static let picture = Fixtures.url("images/wide.png").path

    /// A text that repeats itself, so that a model that has learnt nothing does as well.
    static let prompt = Array(repeating: "one two three four five six", count: 6).joined(separator: " ")

    static func answer(_ setting: Setting, _ mode: String, in directory: URL) throws -> [String: Any] {
        let outcome = try FlotillaProgram.run(
            [
                "generate", "--model", Fixtures.url("mini-bf16").path, "--prompt", prompt, "--max-tokens", "150",
                "--seed", "5", "--json", "--speculate", mode, "--decoder-ranks", "\(setting.ranks)",
            ] + setting.options,
            in: directory,
            environment: setting.sharing ? [:] : ["FLOTILLA_SHARED_MEMORY": "off"]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
    }

    @Test("the same answer with drafts and without, in fewer steps", arguments: settings)
    func same(setting: Setting) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = try Self.answer(setting, "off", in: directory)
            let drafted = try Self.answer(setting, "lookup", in: directory)
            func part(_ answer: [String: Any]) throws -> Data {
                let names: Set = [
                    "tokens", "logprobs", "text", "thinking", "answer", "finish", "boxed", "thinking_cut",
                ]
                let wanted = answer.filter { names.contains($0.key) }
                return try JSONSerialization.data(withJSONObject: wanted, options: .sortedKeys)
            }
            #expect(try part(plain) == part(drafted))
            #expect(plain["speculation"] == nil)
            func steps(_ answer: [String: Any]) -> Int {
                (answer["timing"] as? [String: Any])?["decode_steps"] as? Int ?? 0
            }
            let figures = drafted["speculation"] as? [String: Int] ?? [:]
            let count = (plain["tokens"] as? [Int])?.count ?? 0
            #expect(steps(plain) == count)
            #expect(steps(drafted) == count - (figures["accepted"] ?? 0))
            #expect(count < 20 || figures["drafted"] ?? 0 > 0, "\(count) tokens, \(figures)")
        }
    }

    @Test("an unknown source of drafts is exit code 2 and one sentence")
    func unknown() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(
                ["generate", "--model", "demo", "--prompt", "x", "--speculate", "guess"],
                in: directory
            )
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("--speculate is guess, expected off, lookup or draft"))
        }
    }
}
