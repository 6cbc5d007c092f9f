import Checkpoints
import Foundation
import TestSupport
import Testing

/// Quantised weights under mpirun: the same bits for any ranks, files, places and instruction sets.
@Suite("Formats of weights", .serialized, .ownThread)
struct FormatTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        let model: String
        let format: String
        var testDescription: String { "\(model) in \(format)" }
    }

    static let settings = ["mini-f32", "mini-bf16", "odd"].flatMap { model in
        ["q8", "q4", "q4m"].map { Setting(model: model, format: $0) }
    }

    /// The path of a model; "odd" is made up in `directory`.
    static func model(_ name: String, in directory: URL) throws -> String {
        guard name == "odd" else { return Fixtures.url(name).path }
        let shape = try OddShape.write(to: directory.appendingPathComponent("shape"))
        let out = directory.appendingPathComponent("odd")
        try SyntheticCheckpoint(SyntheticShape(shape.path)).write(to: out, seed: 5)
        return out.path
    }

    static func pack(
        _ model: String,
        _ format: String,
        _ options: [String] = [],
        kernels: String? = nil,
        in directory: URL
    ) throws -> String {
        let out = directory.appendingPathComponent("packed-\(format)-\(UUID().uuidString)").path
        let outcome = try FlotillaProgram.run(
            ["pack", "--model", model, "--format", format, "--out", out] + options,
            in: directory,
            environment: kernels.map { ["FLOTILLA_ISA": $0] } ?? [:]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        return out
    }

    /// The trace of an answer about a picture.
    static func trace(
        _ options: [String],
        in directory: URL,
        kernels: String? = nil
    ) throws -> Data {
        let file = directory.appendingPathComponent(UUID().uuidString)
        let outcome = try FlotillaProgram.run(
            [
                "generate", "--prompt", "What is this, and why?", "--image", Fixtures.url("images/photo444.jpg").path,
                "--max-tokens", "6", "--json", "--trace", file.path,
            ] + options,
            in: directory,
            environment: kernels.map { ["FLOTILLA_ISA": $0] } ?? [:]
        )
        #expect(outcome.status == 0, "\(options): \(outcome.errors)")
        return try Data(contentsOf: file)
    }

    @Test(
        "traces are the same bytes for 1 to 4 decoder ranks, quantised or packed, copied, mapped or locked",
        arguments: settings
    )
    func traces(setting: Setting) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = try Self.model(setting.model, in: directory)
            let packed = try Self.pack(plain, setting.format, in: directory)
            let first = try Self.trace(["--model", plain, "--format", setting.format], in: directory)
            #expect(first.count > 1000)
            let places = ["copy", "map", "lock"]
            for ranks in 1...4 {
                let group = ["--decoder-ranks", "\(ranks)", "--prefill-chunk", "\(7 * ranks)"]
                let fromPlain = ["--model", plain, "--format", setting.format] + group
                #expect(try Self.trace(fromPlain, in: directory) == first, "\(ranks) ranks")
                let place = places[ranks % 3]
                let fromPacked = ["--model", packed, "--weights", place] + group
                #expect(try Self.trace(fromPacked, in: directory) == first, "\(ranks) ranks, packed, \(place)")
            }
            for place in places {
                let options = ["--model", packed, "--weights", place]
                #expect(try Self.trace(options, in: directory) == first, "packed, \(place)")
            }
            for kernels in ["ref", "avx2"] {
                let options = ["--model", packed, "--format", setting.format, "--decoder-ranks", "2"]
                #expect(try Self.trace(options, in: directory, kernels: kernels) == first, "\(kernels)")
            }
        }
    }

    @Test(
        "traces in bf16 are the same bytes for any ranks, chunks, threads and instruction set",
        arguments: ["mini-f32", "mini-bf16", "odd"]
    )
    func pairs(model: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let options = ["--model", try Self.model(model, in: directory), "--format", "bf16"]
            let first = try Self.trace(options + ["--threads", "1"], in: directory)
            #expect(first.count > 1000)
            for ranks in 1...4 {
                let group = ["--decoder-ranks", "\(ranks)", "--prefill-chunk", "\(7 * ranks)", "--threads", "2"]
                let vision = ["--vision-ranks", "\(1 + ranks % 3)"]
                #expect(try Self.trace(options + group + vision, in: directory) == first, "\(ranks) ranks")
            }
            for (ranks, kernels) in [(1, "ref"), (2, "avx2"), (3, "avx512"), (4, "ref")] {
                let group = ["--decoder-ranks", "\(ranks)", "--prefill-chunk", "50"]
                #expect(try Self.trace(options + group, in: directory, kernels: kernels) == first, "\(kernels)")
            }
        }
    }

    @Test("a packed directory cannot run in another format, nor be packed again, nor be overwritten")
    func refusals() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = Fixtures.url("mini-f32").path
            let packed = try Self.pack(plain, "q8", in: directory)
            let cases: [([String], Int32, String)] = [
                (["generate", "--model", packed, "--prompt", "x", "--format", "q4"], 2, "packed as q8"),
                (["plan", "--model", packed, "--format", "native"], 2, "packed as q8"),
                (["plan", "--model", packed, "--format", "bf16"], 2, "packed as q8"),
                (["plan", "--model", plain, "--format", "q5"], 2, "native, bf16, q8, q4 or q4m"),
                (["generate", "--model", plain, "--prompt", "x", "--weights", "map"], 2, "needs a packed checkpoint"),
                (["plan", "--model", plain, "--weights", "lock", "--format", "q8"], 2, "needs a packed checkpoint"),
                (["plan", "--model", packed, "--weights", "swap"], 2, "copy, keep, map or lock"),
                (["pack", "--model", packed, "--format", "q4", "--out", directory.path + "/x"], 2, "already"),
                (["pack", "--model", plain, "--format", "native", "--out", directory.path + "/x"], 2, "q8, q4 or q4m"),
                (["pack", "--model", plain, "--format", "bf16", "--out", directory.path + "/x"], 2, "just as fast"),
                (["pack", "--model", plain, "--format", "q8", "--out", packed], 2, "not empty"),
                (["pack", "--model", plain, "--format", "q8", "--out", plain + "/config.json"], 2, "not a directory"),
                (["pack", "--model", plain, "--format", "q8", "--out", "/dev/full/x"], 2, "cannot be written"),
                (["compare", "--model", packed], 2, "--reference"),
                (["compare", "--model", plain, "--formats", "q8"], 2, "nothing to compare"),
                (["compare", "--model", plain, "--texts", "/no.txt"], 2, "/no.txt"),
                (["compare", "--model", plain, "--reference", Fixtures.url("mini-bf16").path], 2, "different shapes"),
            ]
            for (arguments, status, says) in cases {
                let outcome = try FlotillaProgram.run(arguments, in: directory)
                #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
                #expect(outcome.errors.contains(says), "\(arguments): \(outcome.errors)")
            }
            let file = URL(fileURLWithPath: packed).appendingPathComponent("model.safetensors")
            try Data(contentsOf: file).dropLast(4096).write(to: file)
            let cut = try FlotillaProgram.run(["generate", "--model", packed, "--prompt", "x"], in: directory)
            #expect(cut.status == 4 && cut.errors.contains("cut short"), "\(cut.errors)")
        }
    }

    @Test("the plan of a packed directory is that of quantising, and says the format")
    func plans() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = Fixtures.url("mini-bf16").path
            let packed = try Self.pack(plain, "q4", in: directory)
            func weights(_ arguments: [String]) throws -> [Int] {
                let outcome = try FlotillaProgram.run(
                    ["plan", "--json", "--decoder-ranks", "3"] + arguments,
                    in: directory
                )
                let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
                #expect(object?["format"] as? String == (arguments.contains("native") ? "native" : "q4"))
                return (object?["ranks"] as? [[String: Any]] ?? []).compactMap { $0["weight_bytes"] as? Int }
            }
            let quantised = try weights(["--model", plain, "--format", "q4"])
            let native = try weights(["--model", plain, "--format", "native"])
            #expect(try weights(["--model", packed]) == quantised)
            // Vision tower apart: less than a third of bfloat16's bytes.
            #expect(zip(quantised, native).dropLast().allSatisfy { 3 * $0 < native[0] && $0 > 0 && $1 > 0 })
            #expect(quantised.last == native.last)
        }
    }

    @Test("compare says how far formats are from each other")
    func compare() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = Fixtures.url("mini-f32").path
            let packed = try Self.pack(plain, "q8", in: directory)
            let texts = directory.appendingPathComponent("texts")
            try Data("One text.\n\n\nAnother one,\nof two lines.\n".utf8).write(to: texts)
            func rows(_ arguments: [String]) throws -> [[String: Any]] {
                let outcome = try FlotillaProgram.run(
                    [
                        "compare", "--json", "--texts", texts.path, "--image", Fixtures.url("images/wide.png").path,
                    ] + arguments,
                    in: directory
                )
                #expect(outcome.status == 0, "\(outcome.errors)")
                let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
                return object?["results"] as? [[String: Any]] ?? []
            }
            let all = try rows(["--model", plain, "--formats", "native,native,bf16,q8,q4m,q4"])
            #expect(
                all.map { $0["format"] as? String } == ["native", "bf16", "q8", "q4m", "q4"].flatMap { [$0, $0, $0] }
            )
            #expect(all.prefix(3).map { $0["set"] as? String } == ["texts", "images", "all"])
            let errors = all.compactMap { $0["max_logit_error"] as? Double }
            let divergences = all.compactMap { $0["mean_kl"] as? Double }
            // A format differs from itself by nothing, and fewer bits differ more.
            #expect(errors[..<3].allSatisfy { $0 == 0 } && divergences[..<3].allSatisfy { $0 < 1e-12 })
            #expect(all[2]["top1_agreement"] as? Double == 1)
            #expect(0 < divergences[5] && divergences[5] < divergences[8] && divergences[8] < divergences[11])
            #expect(divergences[11] < divergences[14])
            // The packed directory is the same format.
            let fromPacked = try rows(["--model", packed, "--reference", plain])
            #expect(fromPacked.compactMap { $0["mean_kl"] as? Double } == Array(divergences[6..<9]))
        }
    }
}
