import Foundation
import Requests
import TestSupport
import Testing

/// What one group has answered, another confirms.
@Suite("Receipts over groups of ranks", .serialized, .ownThread)
struct ReceiptGroupTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        var model: String
        var options: [String]
        var pictures: [String] = []
        var testDescription: String { "\(model), " + options.joined(separator: " ") }

        var arguments: [String] {
            let prompt = model == "demo" ? "compute the expression" : SpeculationGroupTests.prompt
            return ["--model", model == "demo" ? model : Fixtures.url(model).path, "--prompt", prompt]
                + pictures.flatMap { ["--image", $0] } + options
        }
        /// What `verify` is told.
        var verification: [String] {
            ["--model", model == "demo" ? model : Fixtures.url(model).path] + pictures.flatMap { ["--image", $0] }
        }
    }

    /// All formats of weights and of the cache, and everything by which a token is chosen or an answer ends.
    static let settings = [
        Setting(model: "mini-bf16", options: ["--max-tokens", "150"]),
        Setting(
            model: "mini-bf16",
            options: [
                "--format", "bf16", "--kv", "f32", "--max-tokens", "150", "--temperature", "0.6", "--top-p", "0.95",
                "--top-k", "20",
            ]
        ),
        Setting(
            model: "mini-f32",
            options: [
                "--format", "q8", "--kv", "q8", "--max-tokens", "90", "--temperature", "0.9", "--min-p", "0.01",
                "--repetition-penalty", "1.05", "--presence-penalty", "0.3", "--frequency-penalty", "0.1",
                "--logit-bias", "17:1.5", "--logit-bias", "400:-100", "--logprobs", "2",
            ],
            pictures: [Fixtures.url("images/wide.png").path, ReceiptRuns.sum]
        ),
        Setting(
            model: "mini-bf16",
            options: ["--format", "q4", "--max-tokens", "150", "--stop", "qq", "--stop", "ee"]
        ),
        Setting(model: "demo", options: ["--think", "on", "--think-budget", "7"], pictures: [ReceiptRuns.sum]),
        Setting(model: "demo", options: ["--think", "on"], pictures: [ReceiptRuns.sum]),
        Setting(
            model: "mini-bf16",
            options: ["--vision-format", "q8", "--vision-ranks", "2", "--max-tokens", "90"],
            pictures: [Fixtures.url("images/wide.png").path]
        ),
    ]

    @Test(
        "from 3 ranks with the fastest kernels, confirmed by 1 rank in plain C; drafts or none, the same",
        arguments: settings
    )
    func confirmed(setting: Setting) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let receipt = try ReceiptRuns.receipt(setting.arguments + ["--decoder-ranks", "3"], in: directory)
            let plain = try ReceiptRuns.receipt(
                setting.arguments + ["--decoder-ranks", "1", "--speculate", "off"],
                in: directory
            )
            #expect(receipt == plain)
            for (ranks, kernels, more) in [
                (1, "ref", []), (2, "avx2", ["--speculate", "off", "--prefill-chunk", "7"]),
            ] {
                let outcome = try ReceiptRuns.verify(
                    receipt,
                    setting.verification + ["--decoder-ranks", "\(ranks)", "--json"] + more,
                    in: directory,
                    kernels: kernels
                )
                #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
                let found = try ReceiptRuns.object(outcome)
                #expect(found["confirmed"] as? Bool == true)
                #expect(found["tokens"] as? Int == receipt.answer.tokens.count)
            }
        }
    }

    @Test("a changed token is refused at that token, in whatever step it is checked", arguments: settings)
    func changed(setting: Setting) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let receipt = try ReceiptRuns.receipt(setting.arguments, in: directory)
            let count = receipt.answer.tokens.count
            let places = [0, count / 2, count - 1]
            let changed = places.map { place in
                ReceiptRuns.sealed(receipt) { $0.answer.tokens[place] = ($0.answer.tokens[place] + 1) % 600 }
            }
            // All of them in one file, behind the right one.
            let lines = ([receipt] + changed).map(\.json).joined(separator: "\n")
            let file = try ReceiptRuns.file(lines + "\n", in: directory)
            let outcome = try ReceiptRuns.verify(file: file, setting.verification + ["--json"], in: directory)
            #expect(outcome.status == 9, "\(outcome.errors)")
            #expect(outcome.errors.contains("3 of 4 receipts are not confirmed"))
            let found = try outcome.output.split(separator: "\n").map {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
            }
            #expect(found.map { $0["confirmed"] as? Bool } == [true, false, false, false])
            for (place, object) in zip(places, found.dropFirst()) {
                #expect(object["cause"] as? String == "token", "\(object)")
                let token = object["token"] as? [String: Int] ?? [:]
                #expect(token["index"] == place && token["position"] == receipt.prompt.ids.count + place)
                #expect(token["computed"] == Int(receipt.answer.tokens[place]))
                #expect(token["claimed"] == Int((receipt.answer.tokens[place] + 1) % 600))
            }
        }
    }

    @Test("an answer in a form is confirmed with it, and refused with another", arguments: [1, 2])
    func formats(ranks: Int) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let schema =
                #"{"type":"object","properties":{"b":{"type":"integer"},"a":{"enum":["x","yy"]}},"required":["b","a"]}"#
            let file = try ReceiptRuns.file(schema, in: directory)
            let model = ["--model", Fixtures.url("mini-bf16").path]
            let receipt = try ReceiptRuns.receipt(
                model + [
                    "--prompt", "fill it", "--think", "off", "--schema", file, "--temperature", "2", "--max-tokens",
                    "60",
                    "--decoder-ranks", "3",
                ],
                in: directory
            )
            let group = model + ["--decoder-ranks", "\(ranks)"]
            let outcome = try ReceiptRuns.verify(receipt, group, in: directory, kernels: "ref")
            #expect(outcome.status == 0 && outcome.output.hasPrefix("confirmed: "), "\(outcome.errors)")
            let other = ReceiptRuns.sealed(receipt) {
                $0.request.format = $0.request.format?.replacing("integer", with: "string")
            }
            let refused = try ReceiptRuns.verify(other, group + ["--json"], in: directory)
            #expect(refused.status == 9)
            #expect(try ReceiptRuns.object(refused)["cause"] as? String == "token")
        }
    }

    @Test("a changed seed or sampling shows in a token, and where digests do not know of it, by its name")
    func sampling() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let setting = Self.settings[1]
            let receipt = try ReceiptRuns.receipt(setting.arguments, in: directory)
            let changes: [(inout Receipt) -> Void] = [
                { $0.request.seed += 1 }, { $0.request.temperature = 2 }, { $0.request.topK = 1 },
                { $0.prompt.ids[9] += 1 }, { $0.request.repetitionPenalty = 0.5 },
            ]
            for (number, change) in changes.enumerated() {
                let outcome = try ReceiptRuns.verify(
                    ReceiptRuns.sealed(receipt, change),
                    setting.verification + ["--json"],
                    in: directory
                )
                #expect(
                    outcome.status == 9 && outcome.errors.contains("computed again it is"),
                    "\(number) \(outcome.errors)"
                )
                var careless = receipt
                change(&careless)
                let seen = try ReceiptRuns.verify(careless, setting.verification + ["--json"], in: directory)
                #expect(seen.status == 9, "\(seen.errors)")
                #expect(try ReceiptRuns.object(seen)["cause"] as? String == "changed")
            }
            let short = try ReceiptRuns.receipt(
                Setting(model: setting.model, options: ["--max-tokens", "5"]).arguments,
                in: directory
            )
            #expect(short.answer.finish == .length)
            let longer = ReceiptRuns.sealed(short) { $0.request.maxTokens += 1 }
            let outcome = try ReceiptRuns.verify(longer, setting.verification, in: directory)
            #expect(
                outcome.status == 9 && outcome.errors.contains("goes on behind its last token"),
                "\(outcome.errors)"
            )
        }
    }
}
