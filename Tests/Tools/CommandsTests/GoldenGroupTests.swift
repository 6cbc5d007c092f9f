import Foundation
import TestSupport
import Testing

/// The whole path under mpirun against the PyTorch reference: tokenizer, tiles, vision, shards, sampling.
@Suite("Groups of ranks against the reference", .serialized, .ownThread)
struct GoldenGroupTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        let model: String
        let decoderRanks: Int
        let visionRanks: Int
        var testDescription: String { "\(model), \(decoderRanks)+\(visionRanks) ranks" }
    }

    static let settings = Golden.models.flatMap { model in
        (1...4).flatMap { decoders in
            (1...2).map { Setting(model: model, decoderRanks: decoders, visionRanks: $0) }
        }
    }

    private struct Answer: Decodable {
        let id: String
        let input_ids: [Int32]
        let tiles: [Int]
        let tokens: [Int32]
        let text: String
    }

    @Test("all seven conversations: prompts, tiles, every token, text", arguments: settings)
    func conversations(setting: Setting) throws {
        let golden = try Golden(setting.model)
        try Fixtures.withTemporaryDirectory { directory in
            let batch = directory.appendingPathComponent("batch.jsonl")
            try Self.batch(golden).write(to: batch, atomically: true, encoding: .utf8)
            let outcome = try FlotillaProgram.run(
                [
                    "generate", "--model", golden.directory.path, "--batch", batch.path, "--json", "--mpirun",
                    "--max-tokens", "24", "--kv", "f32", "--decoder-ranks", "\(setting.decoderRanks)",
                    "--vision-ranks", "\(setting.visionRanks)",
                ],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let answers = try outcome.output.split(separator: "\n")
                .map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
            #expect(answers.map(\.id) == golden.cases.map(\.name))
            for (answer, expected) in zip(answers, golden.cases) {
                #expect(answer.input_ids == expected.inputIds, "\(expected.name)")
                #expect(answer.tiles == expected.tiles, "\(expected.name)")
                #expect(answer.tokens == expected.tokens, "\(expected.name)")
                #expect(answer.text == expected.text, "\(expected.name)")
            }
        }
    }

    @Test("traces are the same bytes for any ranks, chunks and instruction set", arguments: Golden.models)
    func traces(model: String) throws {
        let golden = try Golden(model)
        try Fixtures.withTemporaryDirectory { directory in
            var first: Data?
            // Without shared memory, chunks of 64 rows or more travel by halves.
            let settings = [
                (1, 1, 256, "avx2", "on"), (2, 1, 64, "avx2", "on"), (3, 2, 33, "avx2", "on"), (4, 2, 50, "ref", "on"),
                (2, 1, 256, "avx2", "off"), (3, 1, 97, "avx2", "off"), (4, 1, 64, "avx2", "off"),
            ]
            for (decoders, visions, chunk, kernels, memory) in settings {
                let trace = directory.appendingPathComponent("trace-\(decoders)")
                _ = try Self.twoImages(
                    golden,
                    [
                        "--decoder-ranks", "\(decoders)", "--vision-ranks", "\(visions)", "--prefill-chunk", "\(chunk)",
                        "--trace", trace.path,
                    ],
                    in: directory,
                    environment: ["FLOTILLA_ISA": kernels, "FLOTILLA_SHARED_MEMORY": memory]
                )
                let bytes = try Data(contentsOf: trace)
                if let first {
                    #expect(bytes == first, "\(decoders)+\(visions) ranks, chunks of \(chunk), \(kernels), \(memory)")
                }
                first = first ?? bytes
                let logits = try #require(try Golden.readTensors(trace)["logits"])
                let expected = try #require(golden.tensor("two-images.logits"))
                #expect(logits.count == expected.count)
                #expect(zip(logits, expected).allSatisfy { abs($0 - $1) < 2e-3 })
            }
        }
    }

    @Test("in bf16, logits are near the reference's as long as the tokens are its own", arguments: Golden.models)
    func pairs(model: String) throws {
        let golden = try Golden(model)
        try Fixtures.withTemporaryDirectory { directory in
            let trace = directory.appendingPathComponent("trace")
            let output = try Self.twoImages(golden, ["--format", "bf16", "--trace", trace.path], in: directory)
            let answer = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
            let tokens = try #require(answer?["tokens"] as? [Int32])
            let reference = try #require(golden.cases.first { $0.name == "two-images" }?.tokens)
            let logits = try #require(try Golden.readTensors(trace)["logits"])
            let expected = try #require(golden.tensor("two-images.logits"))
            #expect(logits.count == expected.count)
            // Up to the step that chooses another token, which may be the first where two logits are close.
            let same = zip(tokens, reference).prefix { $0 == $1 }.count
            let compared = min(same + 1, tokens.count) * (expected.count / reference.count)
            let largest = zip(logits, expected).prefix(compared).map { abs($0 - $1) }.max() ?? .infinity
            let spread = (expected.map { $0 * $0 }.reduce(0, +) / Float(expected.count)).squareRoot()
            // Each linear rounds its input and weights by up to 2^-9, in the tower's layers and then in the decoder's.
            #expect(largest < 0.15 * spread, "\(largest) of \(spread), \(same) tokens the same")
        }
    }

    @Test(
        "a sampled answer is the same for any number of ranks",
        arguments: [
            ["--temperature", "0.9"],
            [
                "--temperature", "1.2", "--top-k", "40", "--top-p", "0.9", "--min-p", "0.02", "--repetition-penalty",
                "1.1",
            ],
        ]
    )
    func sampling(options: [String]) throws {
        let golden = try Golden("mini-bf16")
        try Fixtures.withTemporaryDirectory { directory in
            var texts: Set<String> = []
            for ranks in 1...4 {
                let outcome = try FlotillaProgram.run(
                    [
                        "generate", "--model", golden.directory.path, "--prompt", "Tell me more.", "--max-tokens", "40",
                        "--seed", "7", "--decoder-ranks", "\(ranks)",
                    ] + options,
                    in: directory
                )
                #expect(outcome.status == 0, "\(outcome.errors)")
                texts.insert(outcome.output)
            }
            #expect(texts.count == 1)
        }
    }

    /// The answer to the conversation about two pictures, as JSON.
    static func twoImages(
        _ golden: Golden,
        _ options: [String],
        in directory: URL,
        environment: [String: String] = [:],
        script: String? = nil
    ) throws -> String {
        let messages = directory.appendingPathComponent("messages.json")
        let conversation = try #require(try conversations(golden).first { $0.name == "two-images" })
        try conversation.messages.write(to: messages)
        let outcome = try FlotillaProgram.run(
            [
                "generate", "--model", golden.directory.path, "--messages", messages.path, "--json", "--max-tokens",
                "24",
                "--kv", "f32",
            ] + options,
            in: directory,
            environment: environment,
            script: script
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }

    private static func conversations(_ golden: Golden) throws -> [(name: String, messages: Data)] {
        let data = try Data(contentsOf: golden.directory.appendingPathComponent("golden.json"))
        let cases = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        return try cases.map { one in
            let messages = absolutePaths(try #require(one["messages"]))
            return (try #require(one["name"] as? String), try JSONSerialization.data(withJSONObject: messages))
        }
    }

    /// The golden conversations name pictures by their file names in `Tests/Fixtures/images`.
    private static func absolutePaths(_ value: Any) -> Any {
        if let list = value as? [Any] { return list.map(absolutePaths) }
        guard var object = value as? [String: Any] else { return value }
        if let image = object["image"] as? String { object["image"] = Fixtures.url("images/\(image)").path }
        if let content = object["content"] { object["content"] = absolutePaths(content) }
        return object
    }

    private static func batch(_ golden: Golden) throws -> String {
        try conversations(golden).map { one in
            "{\"id\":\"\(one.name)\",\"messages\":\(String(decoding: one.messages, as: UTF8.self))}"
        }.joined(separator: "\n")
    }
}
