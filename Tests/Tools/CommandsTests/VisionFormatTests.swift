import Foundation
import TestSupport
import Testing

/// `--vision-format`: the same bits for any ranks, threads and instruction sets, other ones than native's, planned memory.
@Suite("Formats of the vision tower", .serialized, .ownThread)
struct VisionFormatTests {
    /// The trace of an answer about pictures of several tiles.
    private static func trace(_ options: [String], in directory: URL, kernels: String? = nil) throws -> Data {
        let second = ["--image", Fixtures.url("images/wide.png").path, "--mpirun-args=--oversubscribe"]
        return try FormatTests.trace(second + options, in: directory, kernels: kernels)
    }

    @Test(
        "traces are the same bytes for any vision ranks, decoder ranks, threads, helpers and instruction set",
        arguments: ["mini-f32", "mini-bf16", "odd"],
        ["q8", "bf16"]
    )
    func traces(model: String, format: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let model = ["--model", try FormatTests.model(model, in: directory), "--vision-format"]
            let options = model + [format]
            let first = try Self.trace(options + ["--threads", "1"], in: directory)
            #expect(first.count > 1000)
            for (vision, decoders, threads) in [(2, 1, 1), (3, 2, 2), (1, 3, 3)] {
                let group = ["--vision-ranks", "\(vision)", "--decoder-ranks", "\(decoders)"]
                let found = try Self.trace(
                    options + group + ["--threads", "1", "--vision-threads", "\(threads)"],
                    in: directory
                )
                #expect(found == first, "\(vision) vision ranks")
            }
            let flags = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
            let sets = [("ref", ""), ("avx2", "avx2"), ("avxvnni", "avx_vnni"), ("avx512", "avx512_vnni")]
            for (kernels, flag) in sets {
                guard flag.isEmpty || flags.contains(flag) else {
                    print("skipped: this processor has no \(kernels)")
                    continue
                }
                #expect(try Self.trace(options, in: directory, kernels: kernels) == first, "\(kernels)")
            }
            let native = try Self.trace(model + ["native"], in: directory)
            #expect(native != first)
            #expect(try Self.trace(Array(model.dropLast()), in: directory) == native, "what nobody chose is native")
        }
    }

    @Test("goes with any format of weights, whose own one it takes the place of")
    func besideWeights() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let model = ["--model", Fixtures.url("mini-f32").path]
            func trace(_ options: [String]) throws -> Data { try Self.trace(model + options, in: directory) }
            let rounded = try trace(["--format", "bf16"])
            #expect(try trace(["--format", "bf16", "--vision-format", "bf16"]) == rounded)
            #expect(try trace(["--format", "bf16", "--vision-format", "native"]) != rounded)
            let quantised = try trace(["--format", "q8"])
            #expect(try trace(["--format", "q8", "--vision-format", "native"]) == quantised)
            #expect(try trace(["--format", "q8", "--vision-format", "q8"]) != quantised)
        }
    }

    @Test("the plan has the tower's bytes and its format")
    func plans() throws {
        try Fixtures.withTemporaryDirectory { directory in
            func plan(_ options: [String]) throws -> (format: String?, bytes: [Int]) {
                let outcome = try FlotillaProgram.run(
                    ["plan", "--json", "--model", Fixtures.url("mini-f32").path] + options,
                    in: directory
                )
                let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
                let ranks = object?["ranks"] as? [[String: Any]] ?? []
                return (object?["vision_format"] as? String, ranks.compactMap { $0["weight_bytes"] as? Int })
            }
            let (native, rounded) = (try plan([]), try plan(["--format", "bf16"]))
            let (asked, quantised) = (try plan(["--vision-format", "bf16"]), try plan(["--vision-format", "q8"]))
            #expect([native, rounded, asked, quantised].map(\.format) == ["native", "bf16", "bf16", "q8"])
            #expect(asked.bytes[0] == native.bytes[0] && quantised.bytes[0] == native.bytes[0])
            #expect(asked.bytes[1] == rounded.bytes[1])
            #expect(quantised.bytes[1] < asked.bytes[1] && asked.bytes[1] < native.bytes[1])
            let text = try FlotillaProgram.run(
                ["plan", "--model", Fixtures.url("mini-f32").path, "--vision-format", "q8"],
                in: directory
            )
            #expect(text.output.contains("weights native, vision tower q8, "), "\(text.output)")
        }
    }

    @Test("compare says how far visual tokens are, and what that does to the logits")
    func compare() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let base = [
                "compare", "--model", Fixtures.url("mini-f32").path, "--image", Fixtures.url("images/wide.png").path,
                "--vision-formats", "native,native,bf16,q8",
            ]
            let outcome = try FlotillaProgram.run(base + ["--json"], in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let rows = object?["results"] as? [[String: Any]] ?? []
            #expect(rows.map { $0["vision_format"] as? String } == ["native", "bf16", "q8"])
            #expect(rows.map { $0["set"] as? String } == ["images", "images", "images"])
            let (errors, logits) = (
                rows.map { $0["visual_error"] as? Double }, rows.map { $0["max_logit_error"] as? Double ?? -1 },
            )
            #expect(errors[0] == nil && logits[0] == 0)
            for row in 1...2 {
                #expect((errors[row] ?? 0) > 0 && (errors[row] ?? 1) < 0.1 && logits[row] > 0, "\(rows[row])")
                #expect((rows[row]["worst_visual_token_error"] as? Double ?? 0) >= (errors[row] ?? 1))
            }
            let text = try FlotillaProgram.run(base, in: directory)
            #expect(text.output.contains("visual tokens of native, vision tower q8: relative error "), "\(text.output)")
        }
    }

    @Test("what cannot be is said in a sentence")
    func refusals() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let (model, other) = (Fixtures.url("mini-f32").path, Fixtures.url("mini-bf16").path)
            let cases: [([String], String)] = [
                (["plan", "--vision-format", "q4"], "--vision-format is q4, expected native, bf16 or q8"),
                (["compare", "--vision-formats", "q8"], "nothing to compare q8 with"),
                (["compare", "--vision-formats", "q8,q5"], "--vision-formats is q5"),
                (["compare", "--vision-formats", "native,q8", "--formats", "native,q8"], "one format of weights"),
                (["compare", "--vision-formats", "native,q8", "--reference", other], "one format of weights"),
                (["compare", "--vision-formats", "native,q8", "--texts", "/dev/null"], "cannot be read"),
                (["bench", "vision", "--vision-format", "native,"], "--vision-format is , expected"),
            ]
            for (arguments, says) in cases {
                let outcome = try FlotillaProgram.run(arguments + ["--model", model], in: directory)
                #expect(outcome.status == 2 && outcome.errors.contains(says), "\(arguments): \(outcome.errors)")
            }
            let texts = directory.appendingPathComponent("texts")
            try Data("One text.\n".utf8).write(to: texts)
            let pictureless = try FlotillaProgram.run(
                ["compare", "--vision-formats", "native,q8", "--texts", texts.path, "--model", model],
                in: directory
            )
            #expect(pictureless.status == 2 && pictureless.errors.contains("no picture"), "\(pictureless.errors)")
        }
    }
}
