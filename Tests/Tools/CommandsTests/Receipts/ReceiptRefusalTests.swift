import Foundation
import Requests
import TestSupport
import Testing

/// What differs is named, and what is no receipt is said to be none.
@Suite("Receipts that are refused", .serialized, .ownThread)
struct ReceiptRefusalTests {
    @Test("another model, format, cache, picture or edition: exit code 9 and the cause")
    func causes() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let own = ["--model", "demo", "--image", ReceiptRuns.sum]
            let receipt = try ReceiptRuns.receipt(own + ["--prompt", "compute the expression"], in: directory)
            let quick = try ReceiptRuns.receipt(
                own + ["--prompt", "compute the expression", "--vision-format", "q8"],
                in: directory
            )
            let star = ReceiptRuns.samples.appendingPathComponent("star.png").path
            let edition = ReceiptRuns.sealed(receipt) { $0.computation.edition = 999 }
            let turned = ReceiptRuns.sealed(receipt) { $0.pictures[0].tiles = 2 }
            let moved = ReceiptRuns.sealed(receipt) { $0.pictures[0].start += 1 }
            let mini = Fixtures.url("mini-bf16").path
            let cases: [(Receipt, [String], String)] = [
                (receipt, ["--model", mini, "--image", ReceiptRuns.sum], "config"),
                (receipt, own + ["--format", "q8"], "format"),
                (receipt, own + ["--vision-format", "q8"], "vision"),
                (quick, own + ["--vision-format", "native"], "vision"),
                (receipt, own + ["--kv", "q8"], "kv"),
                (receipt, own + ["--wire-format", "bf16"], "wire"),
                (receipt, ["--model", "demo"], "picture"),
                (receipt, ["--model", "demo", "--image", star], "picture"),
                (turned, own, "picture"), (moved, own, "picture"),
                (edition, own, "edition"),
            ]
            for (receipt, arguments, cause) in cases {
                let outcome = try ReceiptRuns.verify(receipt, arguments + ["--json"], in: directory)
                #expect(outcome.status == 9, "\(arguments): \(outcome.errors)")
                #expect(try ReceiptRuns.object(outcome)["cause"] as? String == cause)
                #expect(outcome.errors.contains("flotilla: the receipt is not confirmed: "), "\(outcome.errors)")
            }
            let both = ["--model", "demo", "--image", star, "--image", ReceiptRuns.sum]
            #expect(try ReceiptRuns.verify(receipt, both, in: directory).status == 0, "more pictures do no harm")
        }
    }

    @Test("a model of which one weight differs is found by its digest, or by its tokens")
    func weights() throws {
        try EditedWeights.with { name, numbers in
            if name.hasSuffix("norm.weight") { for index in numbers.indices { numbers[index] *= 1.5 } }
        } _: { edited in
            try Fixtures.withTemporaryDirectory { directory in
                let model = ["--model", Fixtures.url("mini-f32").path]
                let receipt = try ReceiptRuns.receipt(
                    model + ["--prompt", "a text", "--max-tokens", "30"],
                    in: directory
                )
                let outcome = try ReceiptRuns.verify(receipt, ["--model", edited.path, "--json"], in: directory)
                #expect(outcome.status == 9)
                let cause = try ReceiptRuns.object(outcome)["cause"] as? String
                #expect(cause == "weights" || cause == "token", "\(outcome.output)")
            }
        }
    }

    @Test("what is no receipt, or none of this model's, is exit code 2 and one sentence")
    func damaged() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let model = ["--model", "demo"]
            let receipt = try ReceiptRuns.receipt(model + ["--prompt", "what is 3 plus 4?"], in: directory)
            let large = ReceiptRuns.sealed(receipt) { $0.prompt.ids[2] = 2_000_000 }
            let long = ReceiptRuns.sealed(receipt) {
                $0.answer.tokens = Array(repeating: 5, count: 900_000)
                $0.request.maxTokens = 1_000_000
            }
            let endless = ReceiptRuns.sealed(receipt) { $0.request.maxTokens = 1_000_000_000 }
            let cases: [(String, String)] = [
                ("", "is no receipt: it is no JSON object"), ("{}", "is no receipt: flotilla_receipt is missing"),
                (String(receipt.json.dropLast(40)), "is no receipt: it is no JSON object"),
                (
                    receipt.json.replacing("\"tokens\":[", with: "\"tokens\":[\"a\","),
                    "answer.tokens[0] has another type"
                ),
                (receipt.json.replacing("\"tokens\":[", with: "\"tokens\":[-4,"), "answer.tokens holds -4"),
                (receipt.json.replacing("\"flotilla_receipt\":1", with: "\"flotilla_receipt\":2"), "of layout 2"),
                (large.json, "prompt.ids holds 2000000"), (long.json, "the model's context"),
                (endless.json, "max_tokens is 1000000000"),
                (receipt.json + "\n{}\n", "line 2 is no receipt"),
            ]
            for (text, words) in cases {
                let file = try ReceiptRuns.file(text, in: directory)
                let outcome = try ReceiptRuns.verify(file: file, model, in: directory)
                #expect(outcome.status == 2 && outcome.errors.contains(words), "\(words): \(outcome.errors)")
                #expect(outcome.output.isEmpty)
                #expect(outcome.errors.split(separator: "\n").count <= 2, "\(outcome.errors)")
            }
            for path in [directory.path, directory.appendingPathComponent("none").path, "/dev/zero"] {
                let outcome = try ReceiptRuns.verify(file: path, model, in: directory)
                #expect(outcome.status == 2 && outcome.errors.contains("cannot be read"), "\(outcome.errors)")
            }
        }
    }

    @Test("a packed checkpoint confirms its own receipts, and adopts their formats")
    func packed() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let packed = try FormatTests.pack(Fixtures.url("mini-f32").path, "q8", in: directory)
            let options = ["--model", packed, "--prompt", "a text", "--max-tokens", "30", "--kv", "q8"]
            let receipt = try ReceiptRuns.receipt(options + ["--decoder-ranks", "2"], in: directory)
            #expect(receipt.computation.format == "q8" && receipt.computation.kv == "q8")
            let outcome = try ReceiptRuns.verify(receipt, ["--model", packed, "--weights", "map"], in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let plain = ["--model", Fixtures.url("mini-f32").path]
            #expect(try ReceiptRuns.verify(receipt, plain, in: directory).status == 9)
        }
    }

    @Test("without --json the receipt is the last line of what generate and ask print, and - reads it")
    func lastLine() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(
                ["generate", "--model", "demo", "--prompt", "what is 3 plus 4?", "--receipt"],
                in: directory,
                script: #""$0" "$@" | tail -n 1 | "$0" verify --model demo --receipt -"#
            )
            #expect(outcome.status == 0 && outcome.output.hasPrefix("confirmed: 9 tokens"), "\(outcome.errors)")
        }
    }
}
