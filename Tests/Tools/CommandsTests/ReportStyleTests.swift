import Foundation
import TestSupport
import Testing

/// What reports have in common, and what the executable depends on.
@Suite("Reports and libraries", .serialized, .ownThread)
struct ReportStyleTests {
    static let model = Fixtures.url("mini-bf16").path

    /// Names of members, at any depth.
    private static func members(_ value: Any) -> [String] {
        if let list = value as? [Any] { return list.flatMap(members) }
        guard let object = value as? [String: Any] else { return [] }
        return object.flatMap { [$0.key] + members($0.value) }
    }

    @Test(
        "members of JSON are in snake case in every report",
        arguments: [
            ["generate", "--model", model, "--prompt", "x", "--max-tokens", "2", "--json", "--logprobs", "1"],
            ["plan", "--model", model, "--json"], ["tiles", Fixtures.url("images/dot.png").path, "--json"],
            ["compare", "--model", model, "--formats", "native,q8", "--json"],
            ["bench", "decode", "--model", model, "--json", "--rounds", "1"],
            ["bench", "load", "--model", model, "--json", "--rounds", "1"],
        ]
    )
    func snakeCase(arguments: [String]) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(arguments, in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let names = Self.members(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)))
            #expect(!names.isEmpty)
            #expect(names.filter { $0.wholeMatch(of: /[a-z0-9]+(_[a-z0-9]+)*/) == nil } == [])
        }
    }

    @Test("the executable is not linked with a BLAS, by the dynamic linker's own word")
    func libraries() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run([], in: directory, environment: ["LD_TRACE_LOADED_OBJECTS": "1"])
            #expect(outcome.output.contains("libmpi.so"), "\(outcome.output) \(outcome.errors)")
            #expect(!outcome.output.lowercased().contains("blas"))
        }
    }

    @Test("without OpenBLAS, bench vision says so in one sentence, and bench machine leaves its row out")
    func missingBLAS() throws {
        try Fixtures.withTemporaryDirectory { directory in
            // A file of that name which is no library, where the linker looks first.
            try Data("nothing".utf8).write(to: directory.appendingPathComponent("libopenblas.so.0"))
            let here = ["LD_LIBRARY_PATH": directory.path]
            let vision = try FlotillaProgram.run(
                ["bench", "vision", "--model", Self.model],
                in: directory,
                environment: here
            )
            #expect(vision.status == 2 && vision.output.isEmpty)
            let lines = vision.errors.split(separator: "\n")
            #expect(
                lines.count == 2 && lines[0].hasPrefix("flotilla: OpenBLAS, which this compares with, cannot be opened")
            )
            #expect(lines.last?.contains("apt-get install libopenblas0-pthread") == true, "\(vision.errors)")
            let machine = try FlotillaProgram.run(
                ["bench", "machine", "--threads", "1", "--megabytes", "8", "--rounds", "1"],
                in: directory,
                environment: here
            )
            #expect(machine.status == 0 && machine.output.contains("multiply-add"), "\(machine.errors)")
            #expect(!machine.output.contains("sgemm") && machine.errors.contains("no OpenBLAS"))
        }
    }
}
