import Foundation
import TestSupport
import Testing

/// `--wire-format`: what rounds says so, keeps its bits for one division, and sends fewer bytes.
@Suite("Sums in fewer bytes between ranks", .serialized, .ownThread)
struct WireFormatGroupTests {
    private static let model = Fixtures.url("mini-bf16").path
    private static let ask = [
        "generate", "--json", "--model", model, "--prompt", "Tell me a story about the sea.", "--max-tokens", "12",
    ]

    /// The logits of an answer of ranks that share no memory, and what was said on standard error.
    private static func trace(_ options: [String], in directory: URL) throws -> (logits: Data, errors: String) {
        let file = directory.appendingPathComponent(UUID().uuidString)
        let answer = try FlotillaProgram.run(
            ask + ["--trace", file.path, "--threads", "1"] + options,
            in: directory,
            environment: ["FLOTILLA_SHARED_MEMORY": "off"]
        )
        try #require(answer.status == 0, "\(answer.errors)")
        return (try Data(contentsOf: file), answer.errors)
    }

    @Test("f32 is one rank's to the bit; what rounds is warned of, and the same again, however a prompt is cut")
    func bits() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let one = try Self.trace([], in: directory)
            let exact = try Self.trace(["--decoder-ranks", "2", "--wire-format", "f32"], in: directory)
            #expect(exact.logits == one.logits && !exact.errors.contains("--wire-format"))
            for wire in ["bf16", "q8"] {
                let two = ["--decoder-ranks", "2", "--wire-format", wire]
                let first = try Self.trace(two, in: directory)
                #expect(first.errors.contains("warning: --wire-format \(wire) rounds"), "\(first.errors)")
                #expect(first.logits != one.logits)
                let again = try Self.trace(two + ["--prefill-chunk", "5"], in: directory)
                #expect(again.logits == first.logits, "\(wire)")
            }
            let alone = try Self.trace(["--wire-format", "q8"], in: directory)
            #expect(alone.logits == one.logits && !alone.errors.contains("--wire-format"))
        }
    }

    @Test("plan counts half and about a quarter of the bytes, and says what is rounded")
    func plan() throws {
        try Fixtures.withTemporaryDirectory { directory in
            func plan(_ wire: String) throws -> (bytes: [Int], warnings: [String]) {
                let outcome = try FlotillaProgram.run(
                    ["plan", "--json", "--model", Self.model, "--decoder-ranks", "2", "--wire-format", wire],
                    in: directory
                )
                let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
                #expect(object?["wire_format"] as? String == wire)
                let ranks = (object?["ranks"] as? [[String: Any]] ?? []).prefix(2)
                return (
                    ranks.compactMap { $0["prefill_step_bytes"] as? Int }, object?["warnings"] as? [String] ?? []
                )
            }
            let (f32, bf16, q8) = try (plan("f32"), plan("bf16"), plan("q8"))
            #expect(f32.bytes.count == 2 && !f32.warnings.contains { $0.contains("rounds") })
            // Rows of embeddings travel as they are in all of them.
            let saved = zip(f32.bytes, bf16.bytes).map { $0 - $1 }
            #expect(saved.allSatisfy { $0 > 0 })
            #expect(zip(f32.bytes, saved).allSatisfy { $0 - 2 * $1 >= 0 && $0 - 2 * $1 < $0 / 8 })
            #expect(zip(f32.bytes, zip(q8.bytes, saved)).allSatisfy { $0 - $1.0 == $1.1 * 2 * 47 / 64 })
            #expect([bf16, q8].allSatisfy { $0.warnings.contains { $0.contains("rounds") } })
        }
    }

    @Test("compare judges them without a second host: f32 differs by nothing, fewer bits differ more")
    func compare() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let texts = directory.appendingPathComponent("texts")
            try Data("One text about the sea, and how it came to be.\n".utf8).write(to: texts)
            for hosts in [2, 3] {
                let outcome = try FlotillaProgram.run(
                    [
                        "compare", "--json", "--model", Self.model, "--texts", texts.path, "--formats", "native",
                        "--wire-formats", "f32,bf16,q8", "--hosts", "\(hosts)",
                    ],
                    in: directory
                )
                #expect(outcome.status == 0, "\(outcome.errors)")
                let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
                let rows = object?["results"] as? [[String: Any]] ?? []
                #expect(rows.map { $0["wire_format"] as? String } == ["f32", "bf16", "q8"])
                let errors = rows.compactMap { $0["max_logit_error"] as? Double }
                #expect(errors.count == 3 && errors[0] == 0 && errors[1] > 0 && errors[2] > errors[1], "\(errors)")
            }
            let wrong = [
                ["--wire-formats", "q4"], ["--wire-formats", "q8", "--hosts", "1"],
                ["--wire-formats", "q8", "--formats", "native,q8"],
            ]
            for words in wrong {
                let outcome = try FlotillaProgram.run(["compare", "--model", Self.model] + words, in: directory)
                #expect(outcome.status == 2, "\(words): \(outcome.errors)")
            }
        }
    }
}
