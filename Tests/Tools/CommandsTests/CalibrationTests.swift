import Foundation
import TestSupport
import Testing

/// `pack --calibrate`: the same files wherever they are written, and the same bits wherever they are computed.
@Suite("Calibrated checkpoints", .serialized, .ownThread)
struct CalibrationTests {
    /// Conversations with and without pictures, in a file of `directory`.
    private static func conversations(in directory: URL) throws -> String {
        let file = directory.appendingPathComponent("some.jsonl")
        let picture = Fixtures.url("images/wide.png").path
        let lines = [
            #"{"id":"a","messages":[{"role":"user","content":"Who wrote this, and when?"},"#
                + #"{"role":"assistant","content":"Nobody knows."}]}"#,
            "",
            #"{"prompt":"A second one, of one line."}"#,
            #"{"messages":[{"role":"user","content":[{"type":"image","image":"\#(picture)"},"#
                + #"{"type":"text","text":"What is this?"}]}],"think":"on"}"#,
        ]
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        return file.path
    }

    private static func weights(_ packed: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: packed).appendingPathComponent("model.safetensors"))
    }

    @Test("the same bytes for any threads and instruction set, others than without", arguments: ["q4", "q4m"])
    func files(format: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = Fixtures.url("mini-bf16").path
            let calibrated = ["--calibrate", try Self.conversations(in: directory)]
            let first = try FormatTests.pack(plain, format, calibrated + ["--threads", "1"], in: directory)
            let bytes = try Self.weights(first)
            for (threads, kernels) in [("3", nil), ("2", "ref"), ("1", "avx2")] as [(String, String?)] {
                let options = calibrated + ["--threads", threads]
                let other = try FormatTests.pack(plain, format, options, kernels: kernels, in: directory)
                #expect(try Self.weights(other) == bytes, "\(threads) threads, \(kernels ?? "own")")
            }
            let even = try FormatTests.pack(plain, format, in: directory)
            #expect(try Self.weights(even) != bytes)
            let plan = try FlotillaProgram.run(["plan", "--model", first], in: directory)
            #expect(plan.output.contains("weights \(format)"), "\(plan.output)")
            #expect(plan.output.contains("scales chosen by 3 conversations"), "\(plan.output)")
            #expect(plan.output.contains("1 pictures"), "\(plan.output)")
        }
    }

    @Test("traces of a calibrated checkpoint are the same bytes for 1 to 4 ranks, chunks, places and sets")
    func traces() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = try FormatTests.model("odd", in: directory)
            // The made-up tokenizer makes a token of a byte.
            let calibrated = ["--calibrate", try Self.conversations(in: directory)]
            let packed = ["--model", try FormatTests.pack(plain, "q4m", calibrated, in: directory)]
            let first = try FormatTests.trace(packed, in: directory)
            #expect(first.count > 1000)
            for ranks in 1...4 {
                let place = ["copy", "map", "lock"][ranks % 3]
                let options = ["--decoder-ranks", "\(ranks)", "--prefill-chunk", "\(7 * ranks)", "--weights", place]
                #expect(try FormatTests.trace(packed + options, in: directory) == first, "\(ranks) ranks, \(place)")
            }
            for kernels in ["ref", "avx2"] {
                let options = ["--decoder-ranks", "2"]
                #expect(try FormatTests.trace(packed + options, in: directory, kernels: kernels) == first, "\(kernels)")
            }
        }
    }

    @Test("compare takes the same conversations, from behind their pictures on")
    func compare() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = Fixtures.url("mini-bf16").path
            let file = try Self.conversations(in: directory)
            let packed = try FormatTests.pack(plain, "q4m", ["--calibrate", file], in: directory)
            let outcome = try FlotillaProgram.run(
                ["compare", "--model", packed, "--reference", plain, "--conversations", file, "--json"],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let rows = object?["results"] as? [[String: Any]] ?? []
            #expect(rows.map { $0["set"] as? String } == ["texts", "images", "all"])
            #expect(rows.allSatisfy { $0["format"] as? String == "q4m" })
            let positions = rows.compactMap { $0["positions"] as? Int }
            #expect(positions.count == 3 && positions[0] + positions[1] == positions[2] && positions[1] > 5)
            #expect(rows.allSatisfy { ($0["mean_kl"] as? Double ?? 0) > 0 })
        }
    }

    @Test("a place that cannot be written to is refused before the conversations are read")
    func place() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let full = directory.appendingPathComponent("full")
            try FileManager.default.createDirectory(at: full, withIntermediateDirectories: true)
            try "x".write(to: full.appendingPathComponent("note"), atomically: true, encoding: .utf8)
            let outcome = try FlotillaProgram.run(
                [
                    "pack", "--model", Fixtures.url("mini-bf16").path, "--format", "q4", "--calibrate",
                    try Self.conversations(in: directory), "--out", full.path,
                ],
                in: directory
            )
            #expect(outcome.status == 2 && !outcome.errors.contains("conversations read"), "\(outcome.errors)")
        }
    }

    @Test("what cannot be read is refused with its line, before anything is written")
    func refusals() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = Fixtures.url("mini-bf16").path
            let good = #"{"prompt":"good"}"#
            let long = String(repeating: "tree house ", count: 1500)
            let cases: [(String, String, Int32, [String])] = [
                (good + "\n{\"prompt\":\n", "q4", 2, ["bad.jsonl, line 2"]),
                (good + "\n\n{\"messages\":[]}", "q4m", 2, ["bad.jsonl, line 3"]),
                (
                    good + #"\#n{"messages":[{"role":"user","content":[{"type":"image","image":"no.png"}]}]}"#, "q4", 2,
                    ["bad.jsonl, line 2", "messages[0].content[0]", "no.png"]
                ),
                (
                    (0..<40).map { #"{"id":"\#($0)","prompt":"\#(long)"}"# }.joined(separator: "\n"), "q4", 2,
                    ["bad.jsonl, line ", "expected at most 65536"]
                ),
                ("\n\n", "q4", 2, ["holds no conversation"]),
                (good, "q8", 2, ["--format is q8"]),
                (good, "native", 2, ["q8, q4 or q4m"]),
            ]
            for (text, format, status, says) in cases {
                let file = directory.appendingPathComponent("bad.jsonl")
                try Data(text.utf8).write(to: file)
                let out = directory.appendingPathComponent("out").path
                let outcome = try FlotillaProgram.run(
                    ["pack", "--model", plain, "--format", format, "--out", out, "--calibrate", file.path],
                    in: directory
                )
                #expect(outcome.status == status, "\(outcome.errors)")
                for part in says { #expect(outcome.errors.contains(part), "\(outcome.errors)") }
                #expect(!FileManager.default.fileExists(atPath: out))
            }
            let missing = try FlotillaProgram.run(
                ["pack", "--model", plain, "--format", "q4", "--out", "x", "--calibrate", "/no.jsonl"],
                in: directory
            )
            #expect(missing.status == 2 && missing.errors.contains("/no.jsonl"), "\(missing.errors)")
        }
    }
}
