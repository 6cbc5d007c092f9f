import Digests
import Foundation
import Requests
import TestSupport
import Testing

/// Bits of the edition that receipts name: whoever changes one of them makes another edition.
@Suite("The edition of the arithmetic", .serialized, .ownThread)
struct ComputationEditionTests {
    private struct Pinned: Decodable {
        var edition: Int
        var bits: [String: String]
    }

    private static let picture = Fixtures.url("images/wide.png").path

    /// Visual tokens and logits, in all formats of weights and of the cache; then tokens, by everything that chooses them.
    private static let cases: [(name: String, arguments: [String], isTraced: Bool)] = [
        ("demo native f16", ["--model", "demo", "--image", ReceiptRuns.sum, "--think", "on"], true),
        ("demo bf16 f32", ["--model", "demo", "--image", ReceiptRuns.sum, "--format", "bf16", "--kv", "f32"], true),
        ("demo q8 q8", ["--model", "demo", "--image", ReceiptRuns.sum, "--format", "q8", "--kv", "q8"], true),
        ("demo q4 f16", ["--model", "demo", "--image", ReceiptRuns.sum, "--format", "q4"], true),
        ("demo q4m f16", ["--model", "demo", "--image", ReceiptRuns.sum, "--format", "q4m"], true),
        (
            "mini-bf16 q4m q8", ["--model", mini("mini-bf16"), "--image", picture, "--format", "q4m", "--kv", "q8"],
            true
        ),
        ("mini-f32 native f32", ["--model", mini("mini-f32"), "--image", picture, "--kv", "f32"], true),
        ("mini-bf16 q8 f16", ["--model", mini("mini-bf16"), "--image", picture, "--format", "q8"], true),
        ("demo vision q8", ["--model", "demo", "--image", ReceiptRuns.sum, "--vision-format", "q8"], true),
        ("mini-f32 vision q8", ["--model", mini("mini-f32"), "--image", picture, "--vision-format", "q8"], true),
        ("draw", ["--model", mini("mini-bf16"), "--temperature", "0.9"], false),
        (
            "filters and penalties",
            [
                "--model", mini("mini-bf16"), "--temperature", "1.1", "--top-k", "40", "--top-p", "0.9", "--min-p",
                "0.01",
                "--repetition-penalty", "1.05", "--presence-penalty", "0.2", "--frequency-penalty", "0.1",
                "--logit-bias", "17:1.5",
            ], false
        ),
        ("top-p alone", ["--model", mini("mini-bf16"), "--temperature", "1.4", "--top-p", "0.8"], false),
        ("budget", ["--model", "demo", "--image", ReceiptRuns.sum, "--think", "on", "--think-budget", "7"], false),
        ("schema", ["--model", mini("mini-bf16"), "--temperature", "2", "--schema", "SCHEMA"], false),
    ]

    private static func mini(_ name: String) -> String { Fixtures.url(name).path }

    private static let schema =
        #"{"type":"object","properties":{"b":{"type":"array","items":{"type":"number"},"maxItems":3},"#
        + #""a":{"type":"string","maxLength":9}},"required":["b","a"]}"#

    @Test("no bit of it has changed")
    func pinned() throws {
        let pinned = try JSONDecoder().decode(Pinned.self, from: Data(contentsOf: Fixtures.url("edition.json")))
        var found: [String: String] = [:]
        try Fixtures.withTemporaryDirectory { directory in
            let schema = try ReceiptRuns.file(Self.schema, in: directory)
            for one in Self.cases {
                let arguments = one.arguments.map { $0 == "SCHEMA" ? schema : $0 }
                found[one.name] = try Self.digest(arguments, isTraced: one.isTraced, in: directory)
            }
        }
        let changed = Self.cases.map(\.name).filter { found[$0] != pinned.bits[$0] }
        let all = found.sorted { $0.key < $1.key }.map { "  \"\($0.key)\": \"\($0.value)\"" }.joined(separator: ",\n")
        #expect(
            changed.isEmpty && pinned.edition == Receipt.Computation.currentEdition,
            """
            \(changed) of edition \(Receipt.Computation.currentEdition) have other bits than Tests/Fixtures/edition.json \
            has of edition \(pinned.edition). If that is meant, receipts of the last edition cannot be confirmed any more: \
            raise Receipt.Computation.currentEdition by one (never back), say so in CHANGELOG.md, and pin
            \(all)
            """
        )
    }

    private static func digest(_ arguments: [String], isTraced: Bool, in directory: URL) throws -> String {
        let trace = directory.appendingPathComponent("trace")
        let outcome = try FlotillaProgram.run(
            [
                "generate", "--prompt", "What is this, and why?", "--max-tokens", isTraced ? "12" : "80", "--seed", "5",
                "--json",
            ]
                + arguments + (isTraced ? ["--trace", trace.path] : []),
            in: directory
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let answer = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        let tokens = answer?["tokens"] as? [Int] ?? []
        let bytes = isTraced ? [UInt8](try Data(contentsOf: trace)) : []
        return SHA256.hex(bytes + Array(tokens.map { "\($0) " }.joined().utf8))
    }
}
