import Foundation
import TestSupport
import Testing

/// Every wrong input ends with one sentence and the documented exit code.
@Suite("Wrong inputs", .serialized, .ownThread)
struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let says: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let model = Fixtures.url("mini-f32").path
    static let picture = Fixtures.url("images/dot.png").path

    static let cases = [
        Case(arguments: ["generate"], status: 2, says: "--model"),
        Case(arguments: ["generate", "--model", model], status: 2, says: "--prompt"),
        Case(arguments: ["generate", "--model", "/nowhere", "--prompt", "x"], status: 4, says: "/nowhere"),
        Case(arguments: ["generate", "--model", picture, "--prompt", "x"], status: 4, says: "a file"),
        Case(
            arguments: ["generate", "--model", model, "--prompt", "x", "--image", "/no.png"],
            status: 2,
            says: "/no.png"
        ),
        Case(
            arguments: [
                "generate", "--model", model, "--prompt", "x", "--image", Fixtures.url("tokenizer.jsonl").path,
            ],
            status: 2,
            says: "tokenizer.jsonl"
        ),
        Case(
            arguments: ["generate", "--model", model, "--prompt", "x", "--decoder-ranks", "5"],
            status: 2,
            says: "4 query heads"
        ),
        Case(
            arguments: ["generate", "--model", model, "--prompt", "x", "--temperature", "-1"],
            status: 2,
            says: "temperature"
        ),
        Case(
            arguments: ["generate", "--model", model, "--prompt", "x", "--presence-penalty", "3"],
            status: 2,
            says: "presence_penalty"
        ),
        Case(
            arguments: ["generate", "--model", model, "--prompt", "x", "--logit-bias", "7"],
            status: 2,
            says: "ID:BIAS"
        ),
        Case(
            arguments: ["generate", "--model", model, "--prompt", "x", "--logit-bias", "7:1", "--logit-bias", "7:2"],
            status: 2,
            says: "token 7 twice"
        ),
        Case(arguments: ["generate", "--model", model, "--prompt", "x", "--think", "hard"], status: 2, says: "auto"),
        Case(arguments: ["generate", "--model", model, "--prompt", "x", "--kv", "f8"], status: 2, says: "f16"),
        Case(arguments: ["generate", "--model", model, "--messages", "/no.json"], status: 2, says: "/no.json"),
        Case(arguments: ["generate", "--model", model, "--batch", "/no.jsonl"], status: 2, says: "/no.jsonl"),
        Case(
            arguments: ["generate", "--model", model, "--prompt", "x", "--hostfile", "/no.hosts"],
            status: 2,
            says: "/no.hosts"
        ),
        Case(
            arguments: ["generate", "--model", model, "--prompt", "x", "--image", picture, "--max-pixels", "0"],
            status: 2,
            says: "--max-pixels is 0, expected 1 to 1000000000"
        ),
        Case(
            arguments: [
                "generate", "--model", model, "--prompt", "x", "--image", Fixtures.url("images/wide.png").path,
                "--max-pixels", "100",
            ],
            status: 2,
            says: "the limit is 100 in all"
        ),
        Case(arguments: ["serve", "--model", model, "--max-pixels", "-1"], status: 2, says: "--max-pixels"),
        Case(
            arguments: ["generate", "--model", model, "--prompt", "x", "--image", "https://example.com/a.png"],
            status: 2,
            says: "nothing is fetched"
        ),
        Case(arguments: ["ask", "--imagee", "a.png", "what?"], status: 2, says: "Unknown option '--imagee'"),
        Case(arguments: ["ask", "what", "is", "this?"], status: 2, says: "Expected one question, found 3"),
        Case(arguments: ["ask", "-x"], status: 2, says: "Unknown option '-x'"),
        Case(arguments: ["plan", "--model", model, "--decoder-ranks", "9"], status: 2, says: "query heads"),
        Case(arguments: ["plan", "--model", model, "--rank-weights", "1,0"], status: 2, says: "--rank-weights"),
        Case(arguments: ["plan", "--model", model, "--shares", "2,1"], status: 2, says: "--shares is 2,1"),
        Case(
            arguments: ["plan", "--model", model, "--decoder-ranks", "2", "--shares", "1,x,2"],
            status: 2,
            says: "--shares is 1,x,2"
        ),
        Case(
            arguments: ["bench", "decode", "--model", model, "--ranks", "2", "--shares", "1,x,2"],
            status: 2,
            says: "--shares is 1,x,2"
        ),
        Case(arguments: ["plan", "--model", model, "--shares", "all"], status: 2, says: "auto, equal or 1 positive"),
        Case(arguments: ["plan", "--model", model, "--wire-format", "q4"], status: 2, says: "f32, bf16 or q8"),
        Case(
            arguments: ["plan", "--model", model, "--shares", "auto", "--rank-weights", "1"],
            status: 2,
            says: "the same thing twice"
        ),
        Case(arguments: ["doctor", "--model", model, "--decoder-ranks", "9"], status: 2, says: "query heads"),
        Case(arguments: ["doctor", "--model", model, "--hostfile", "/nowhere"], status: 2, says: "/nowhere"),
        Case(arguments: ["doctor", "--model", "/nowhere"], status: 4, says: "/nowhere"),
        Case(arguments: ["tokenize", "--model", "/nowhere"], status: 4, says: "/nowhere"),
        Case(arguments: ["frobnicate"], status: 2, says: "frobnicate"),
        Case(arguments: ["rank", "--model", model], status: 2, says: "FLOTILLA_LINK"),
    ]

    @Test("one sentence, the right exit code", arguments: cases)
    func wrongInput(one: Case) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(one.arguments, in: directory)
            #expect(outcome.status == one.status && !outcome.wasSignalled, "\(outcome.errors)")
            #expect(outcome.errors.contains(one.says), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }

    @Test("a picture that is damaged behind its header fails the answer, not the group")
    func damagedPicture() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let whole = try Data(contentsOf: Fixtures.url("images/photo444.jpg"))
            let cut = directory.appendingPathComponent("cut.jpg")
            try whole.prefix(whole.count / 2).write(to: cut)
            for ranks in ["1", "2"] {
                let outcome = try FlotillaProgram.run(
                    [
                        "generate", "--model", Self.model, "--prompt", "x", "--image", cut.path, "--max-tokens", "4",
                        "--decoder-ranks", ranks,
                    ],
                    in: directory
                )
                #expect(outcome.status == 2, "\(outcome.errors)")
                #expect(outcome.errors.contains("JPEG"), "\(outcome.errors)")
            }
        }
    }

    @Test("a plan that cannot fit is refused before anything is loaded")
    func tooMuchMemory() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(
                ["generate", "--model", Self.model, "--prompt", "x", "--context", "100000000"],
                in: directory
            )
            #expect(outcome.status == 5, "\(outcome.errors)")
        }
    }

    @Test("an instruction set that is unknown, or that this processor lacks, is refused by every command")
    func instructionSets() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let flags = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
            let impossible = [
                ("avx2", "avx2"), ("avxvnni", "avx_vnni"), ("avx512", "avx512_vnni"), ("avx512bf16", "avx512_bf16"),
            ]
            .filter { !flags.contains($0.1) }.map(\.0)
            for name in ["abacus", "AVX2"] + impossible {
                let outcome = try FlotillaProgram.run(
                    ["generate", "--model", Self.model, "--prompt", "x"],
                    in: directory,
                    environment: ["FLOTILLA_ISA": name]
                )
                #expect(outcome.status == 2 && outcome.errors.contains("FLOTILLA_ISA is \(name)"))
                #expect(outcome.errors.contains("ref"), "the known ones are not listed")
            }
            for name in ["", "ref"] {
                let outcome = try FlotillaProgram.run(
                    ["plan", "--model", Self.model],
                    in: directory,
                    environment: ["FLOTILLA_ISA": name]
                )
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
        }
    }
}
