import Foundation
import TestSupport
import Testing

/// `flotilla bench` on the smallest models: that every subcommand runs and prints its rows, never how fast.
@Suite("bench", .serialized, .ownThread)
struct BenchTests {
    static let model = Fixtures.url("mini-bf16").path

    /// The rows of a command's JSON.
    private static func rows(_ arguments: [String]) throws -> [[String: Any]] {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(["bench"] + arguments + ["--json", "--rounds", "1"], in: directory)
            try #require(outcome.status == 0 && !outcome.wasSignalled, "\(outcome.errors)")
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            #expect(object?["isa"] is String && object?["version"] is String)
            return try #require(object?["rows"] as? [[String: Any]])
        }
    }

    private static func values<T>(_ rows: [[String: Any]], _ key: String, as: T.Type) -> [T?] {
        rows.map { $0[key] as? T }
    }

    /// Every figure is a number above zero, between its lowest and its highest.
    private static func check(_ rows: [[String: Any]]) {
        for row in rows {
            let figures = ["lowest", "median", "highest"].map { row[$0] as? Double ?? 0 }
            #expect(figures[0] > 0 && figures == figures.sorted(), "\(row)")
            #expect(row["ceiling"] == nil || (row["share"] as? Double ?? 0) > 0, "\(row)")
        }
    }

    @Test("machine: five figures for each number of threads")
    func machine() throws {
        let rows = try Self.rows(["machine", "--threads", "1,2", "--megabytes", "8"])
        #expect(Self.values(rows, "threads", as: Int.self) == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
        let names = ["read", "multiply-add", "dot", "dot", "sgemm"]
        #expect(Self.values(rows, "benchmark", as: String.self) == names + names)
        Self.check(rows)
    }

    @Test("decode: a row a context, on one rank and on two", arguments: [1, 2])
    func decode(ranks: Int) throws {
        let rows = try Self.rows([
            "decode", "--model", Self.model, "--context", "0,70", "--threads", "1", "--ranks", "\(ranks)",
        ])
        #expect(Self.values(rows, "context", as: Int.self) == [0, 70])
        #expect(Self.values(rows, "ranks", as: Int.self) == [ranks, ranks])
        #expect(Self.values(rows, "format", as: String.self) == ["native", "native"])
        Self.check(rows)
    }

    @Test("decode: greedy and sampled steps in turns, and the bytes that ranks gather", arguments: [1, 2])
    func sampled(ranks: Int) throws {
        let rows = try Self.rows([
            "decode", "--model", Self.model, "--sampling", "0.6,0.95,20", "--sequences", "1,3", "--threads", "1",
            "--ranks", "\(ranks)",
        ])
        let names = ["greedy", "sampled", "gathered"]
        #expect(Self.values(rows, "benchmark", as: String.self) == names + names)
        #expect(Self.values(rows, "sequences", as: Int.self) == [1, 1, 1, 3, 3, 3])
        let bytes = Self.values(rows, "median", as: Double.self)
        // A head, and 8 bytes for each of 20 tokens.
        #expect(try #require(bytes[2]) <= 300 && bytes[5] == bytes[2].map { 3 * $0 })
        Self.check(rows)
    }

    @Test("decode: steps with drafts and without in turns, and the tokens that a step gives", arguments: [1, 2])
    func speculated(ranks: Int) throws {
        let rows = try Self.rows([
            "decode", "--model", Self.model, "--speculate", "3,1", "--threads", "1", "--ranks", "\(ranks)",
        ])
        #expect(Self.values(rows, "benchmark", as: String.self) == ["greedy", "speculated", "accepted", "forecast"])
        #expect(Self.values(rows, "tokens", as: Int.self) == [1, 4, 4, 4])
        #expect(Self.values(rows, "median", as: Double.self)[2] == 4)
        Self.check(rows)
    }

    @Test("decode: drafts that another decoder takes its time for", arguments: [1, 2])
    func drafted(ranks: Int) throws {
        let rows = try Self.rows([
            "decode", "--model", Self.model, "--speculate", "4,0.7", "--draft", Self.model, "--draft-format", "q4",
            "--threads", "1", "--ranks", "\(ranks)",
        ])
        let names = ["greedy", "speculated", "accepted", "forecast", "drafting"]
        #expect(Self.values(rows, "benchmark", as: String.self) == names)
        #expect(Self.values(rows, "format", as: String.self).last == "q4")
        Self.check(rows)
    }

    @Test("prefill: a row a length")
    func prefill() throws {
        let rows = try Self.rows(["prefill", "--model", Self.model, "--tokens", "5,33", "--context", "3"])
        #expect(Self.values(rows, "tokens", as: Int.self) == [5, 33])
        #expect(Self.values(rows, "ceiling_of", as: String.self) == ["multiply-adds", "multiply-adds"])
        Self.check(rows)
    }

    @Test("every format of weights", arguments: ["native", "bf16", "q8", "q4"])
    func formats(format: String) throws {
        for command in ["decode", "prefill", "load"] {
            let rows = try Self.rows([command, "--model", Self.model, "--format", format])
            #expect(Self.values(rows, "format", as: String.self).allSatisfy { $0 == format })
            Self.check(rows)
        }
    }

    @Test("batch: a row a number of sequences")
    func batch() throws {
        let rows = try Self.rows(["batch", "--model", Self.model, "--batch", "1,3", "--context", "65"])
        #expect(Self.values(rows, "sequences", as: Int.self) == [1, 3])
        Self.check(rows)
    }

    @Test("vision: seconds and operations of a tile")
    func vision() throws {
        let rows = try Self.rows(["vision", "--model", Self.model, "--threads", "1"])
        #expect(Self.values(rows, "unit", as: String.self) == ["s a tile", "GFLOP/s"])
        Self.check(rows)
    }

    @Test("allreduce: a row a size, beside MPI's")
    func allReduce() throws {
        let rows = try Self.rows(["allreduce", "--ranks", "3", "--threads", "1", "--bytes", "4,1000,65536"])
        #expect(Self.values(rows, "subject", as: String.self) == ["4 B", "1000 B", "64 KiB"])
        #expect(Self.values(rows, "ceiling_of", as: String.self) == Array(repeating: "MPI_Allreduce", count: 3))
        Self.check(rows)
    }

    @Test("load: time, rate and memory, on one rank and on two", arguments: [1, 2])
    func load(ranks: Int) throws {
        let rows = try Self.rows(["load", "--model", Self.model, "--threads", "1", "--ranks", "\(ranks)"])
        #expect(Self.values(rows, "unit", as: String.self) == ["s to ready", "GB/s", "GiB"])
        Self.check(rows)
    }

    @Test("tokenizer: there and back")
    func tokenizer() throws {
        let text = Fixtures.url("tokenizer.jsonl").path
        let rows = try Self.rows(["tokenizer", "--model", Self.model, "--text", text])
        #expect(Self.values(rows, "unit", as: String.self) == ["MB/s", "Mtokens/s", "MB/s"])
        Self.check(rows)
    }

    @Test("without --json a table with a line for each row")
    func table() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(
                ["bench", "decode", "--model", Self.model, "--rounds", "1", "--context", "0,64"],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.count == 4 && lines[0].hasPrefix("flotilla ") && lines[1].hasPrefix("benchmark "))
            #expect(lines.dropFirst(2).allSatisfy { $0.hasPrefix("decode ") && $0.hasSuffix("read bandwidth") })
        }
    }

    @Test(
        "wrong options end with exit code 2 and one sentence",
        arguments: [
            (["decode"], "--model"), (["decode", "--model", "x", "--shape", "sail-vl2-2b"], "--shape"),
            (["decode", "--model", model, "--context", "1,x"], "--context"),
            (["decode", "--model", model, "--format", "q9"], "q9"),
            (["decode", "--model", model, "--sampling", "0.6,0.95"], "--sampling"),
            (["decode", "--model", model, "--speculate", "0,0.7"], "--speculate"),
            (["decode", "--model", model, "--speculate", "4,1.2"], "--speculate"),
            (["decode", "--model", model, "--sampling", "0.6,0.95,20", "--sequences", "0"], "--sequences"),
            (["decode", "--model", Fixtures.url("mini-f32").path, "--ranks", "5"], "query heads"),
            (["decode", "--model", model, "--rounds", "0"], "--rounds"),
            (["decode", "--shape", "sail-vl3"], "sail-vl3"),
            (["prefill", "--model", model, "--tokens", "0"], "--tokens"),
            (["batch", "--model", model, "--batch", ""], "--batch"),
            (["allreduce", "--ranks", "1"], "--ranks"), (["allreduce", "--bytes", "6"], "multiples of 4"),
            (["machine", "--threads", "0"], "--threads"),
            (["tokenizer", "--model", model, "--text", "/nowhere"], "/nowhere"),
        ]
    )
    func refused(arguments: [String], says: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(["bench"] + arguments, in: directory)
            #expect(outcome.status == 2 && !outcome.wasSignalled, "\(outcome.errors)")
            #expect(outcome.errors.contains(says), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }
}
