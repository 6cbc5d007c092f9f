import Foundation
import TestSupport
import Testing

/// Choices that need more than a rank's best token, over real exchanges.
@Suite("Sampled answers of groups", .serialized, .ownThread)
struct SampledGroupTests {
    /// Few tokens that are far from the others, many that are all alike (so that all logits must travel), penalties.
    static let choices = [
        ["--temperature", "0.8", "--top-p", "0.9", "--top-k", "20"],
        ["--temperature", "5", "--top-p", "0.97", "--presence-penalty", "0.5", "--logit-bias", "7:3"],
        ["--temperature", "1", "--repetition-penalty", "1.2", "--frequency-penalty", "0.3"],
    ]

    @Test(
        "the same tokens and log-probabilities on 1, 2 and 3 ranks, with shared memory and with messages",
        arguments: choices
    )
    func ranks(choice: [String]) throws {
        try Fixtures.withTemporaryDirectory { directory in
            func answer(_ ranks: Int, sharing: Bool) throws -> String {
                let outcome = try FlotillaProgram.run(
                    [
                        "generate", "--model", Fixtures.url("mini-f32").path, "--prompt", "describe the image",
                        "--max-tokens", "12", "--seed", "11", "--json", "--logprobs", "3", "--decoder-ranks",
                        "\(ranks)",
                    ] + choice,
                    in: directory,
                    environment: sharing ? [:] : ["FLOTILLA_SHARED_MEMORY": "off"]
                )
                #expect(outcome.status == 0, "\(outcome.errors)")
                let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
                #expect(json["logprobs"] != nil)
                let wanted = json.filter { ["tokens", "logprobs"].contains($0.key) }
                return String(
                    decoding: try JSONSerialization.data(withJSONObject: wanted, options: .sortedKeys),
                    as: UTF8.self
                )
            }
            let alone = try answer(1, sharing: true)
            #expect(try answer(2, sharing: true) == alone)
            #expect(try answer(3, sharing: true) == alone)
            #expect(try answer(3, sharing: false) == alone)
        }
    }

    /// In such a step the leader tells the ranks twice what it wants, and what their records said must last until then.
    @Test("a row whose logits must all travel, in steps with a row that keeps to a format")
    func besideFormat() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let lines = [
                #"{"id":"kept","prompt":"describe","max_tokens":12,"format":{"type":"regex","pattern":"(.|\n)*"}}"#,
                #"{"id":"flat","prompt":"the image","max_tokens":12,"temperature":5,"top_p":0.97,"seed":4,"logprobs":3}"#,
            ]
            let batch = directory.appendingPathComponent("batch.jsonl")
            try (lines.joined(separator: "\n") + "\n").write(to: batch, atomically: true, encoding: .utf8)
            func answers(_ ranks: Int, sharing: Bool) throws -> [String] {
                let outcome = try FlotillaProgram.run(
                    [
                        "generate", "--model", Fixtures.url("mini-f32").path, "--batch", batch.path, "--max-sequences",
                        "2",
                        "--decoder-ranks", "\(ranks)", "--speculate", "off",
                    ],
                    in: directory,
                    environment: sharing ? [:] : ["FLOTILLA_SHARED_MEMORY": "off"]
                )
                #expect(outcome.status == 0, "\(outcome.errors)")
                return try outcome.output.split(separator: "\n").map { line in
                    let json = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
                    let wanted = json.filter { ["id", "tokens", "logprobs"].contains($0.key) }
                    return String(
                        decoding: try JSONSerialization.data(withJSONObject: wanted, options: .sortedKeys),
                        as: UTF8.self
                    )
                }.sorted()
            }
            let alone = try answers(1, sharing: true)
            #expect(alone.count == 2 && alone.contains { $0.contains("logprobs") })
            #expect(try answers(2, sharing: true) == alone)
            #expect(try answers(3, sharing: true) == alone)
            #expect(try answers(3, sharing: false) == alone)
        }
    }

    @Test(
        "logits that are not numbers end an answer with exit code 4, JSON and log-probabilities or not",
        arguments: [1, 2]
    )
    func notNumbers(ranks: Int) throws {
        try EditedWeights.with { name, numbers in
            if name.hasSuffix("language_model.model.norm.weight") { numbers[0] = .nan }
        } _: { model in
            let directory = model.deletingLastPathComponent()
            for options in [[], ["--json", "--logprobs", "3"], ["--temperature", "0.8", "--top-p", "0.9"]] {
                let outcome = try FlotillaProgram.run(
                    ["generate", "--model", model.path, "--prompt", "x", "--decoder-ranks", "\(ranks)"] + options,
                    in: directory
                )
                #expect(outcome.status == 4 && !outcome.wasSignalled)
                #expect(
                    outcome.errors.contains("the model's logits are not numbers after 0 tokens"),
                    "\(outcome.errors)"
                )
            }
        }
    }
}
