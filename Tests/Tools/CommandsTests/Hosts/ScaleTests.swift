import Foundation
import TestSupport
import Testing

/// `flotilla scale` over hosts with an sshd each, on a network with a rate and a delay.
@Suite("Scale over hosts", .serialized, .ownThread, .enabled(if: NetLab.isPossible()))
struct ScaleTests {
    struct Record: Decodable, Equatable {
        struct Step: Decodable, Equatable {
            let sentBytes, plannedBytes: [Int]
            let compute: [Double]
            let wall, exchange: Double
            let blocks, sums: Int
            let network: [Sample]
        }
        struct Trial: Decodable, Equatable {
            let ranks: Int
            let hosts: [String]
            let domains: [[Int]]
            let network: [Sample]
            let steps: [Step]
        }
        struct Sample: Decodable, Equatable {
            let bytes: Int
            let seconds: Double
        }
        struct Vision: Decodable, Equatable {
            let ranks: Int
            let tileSeconds: [Double]
        }
        struct Picture: Decodable, Equatable {
            let decoderRanks, visionRanks, tiles: Int
            let firstTokenSeconds: Double
        }
        let decoders: [Trial]
        let visions: [Vision]
        let pictures: [Picture]

        init(_ data: Data) throws {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            self = try decoder.decode(Record.self, from: data)
        }
    }

    @Test(
        "1, 2 and 3 ranks, in turns: what the plan says is sent; nothing is measured twice; another setting is refused"
    )
    func inTurns() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let lab = try NetLab(hosts: 3, ["--ssh", "--rate", "1gbit", "--delay", "100us"])
            let out = directory.appendingPathComponent("out")
            let scale = { (words: [String]) in
                try FlotillaProgram.run(
                    [
                        "scale", "--model", Fixtures.url("mini-bf16").path, "--hostfile", lab.hostfile, "--turns",
                        "--threads", "1", "--rounds", "1", "--prompt-tokens", "70", "--tokens-per-rank", "5",
                        "--picture", Fixtures.url("images/square.png").path, "--out", out.path,
                    ] + words,
                    in: directory,
                    environment: lab.environment,
                    script: lab.script(on: 1)
                )
            }
            let first = try scale(["--decoder-ranks", "1,2", "--vision-ranks", "2"])
            #expect(first.status == 0, "\(first.errors)")
            let part = try Record(try Data(contentsOf: out.appendingPathComponent("scale.json")))
            #expect(part.decoders.map(\.ranks) == [1, 2])

            let second = try scale(["--decoder-ranks", "1,2,3", "--vision-ranks", "2"])
            #expect(second.status == 0, "\(second.errors)")
            let whole = try Record(try Data(contentsOf: out.appendingPathComponent("scale.json")))
            #expect(whole.decoders.map(\.ranks) == [1, 2, 3])
            // One rank was missing the step of three sequences, and two nothing at all.
            #expect(whole.decoders[1] == part.decoders[1] && second.errors.contains("2 decoder ranks: measured before"))
            #expect(whole.visions == part.visions && whole.pictures.count == 3)
            for trial in whole.decoders { Self.check(trial) }
            #expect(whole.visions.map(\.ranks) == [2] && whole.visions[0].tileSeconds.allSatisfy { $0 > 0 })
            #expect(whole.pictures.allSatisfy { $0.tiles >= 1 && $0.firstTokenSeconds > 0 })
            let text = try String(contentsOf: out.appendingPathComponent("scale.md"), encoding: .utf8)
            #expect(text.contains("Karp–Flatt") && text.contains("](scale.svg)"))
            #expect(second.output.contains("| the same |"), "\(second.output)")
            let svg = try String(contentsOf: out.appendingPathComponent("scale.svg"), encoding: .utf8)
            #expect(svg.hasPrefix("<svg") && svg.contains("forecast"))

            let other = try scale(["--decoder-ranks", "1", "--format", "q8"])
            #expect(other.status == 2 && other.errors.contains("another format, native"), "\(other.errors)")
            let crowded = try scale(["--decoder-ranks", "4"])
            #expect(
                crowded.status == 2 && crowded.errors.contains("--turns takes one rank a host"),
                "\(crowded.errors)"
            )
            try lab.down()
        }
    }

    private static func check(_ trial: Record.Trial) {
        let ranks = trial.ranks
        #expect(trial.hosts == (1...ranks).map { "node\($0)" })
        #expect(trial.domains == (0..<ranks).map { [$0] })
        #expect(trial.network.count == (ranks == 1 ? 0 : 16))
        #expect(zip(trial.network, trial.network.dropFirst()).allSatisfy { $0.bytes < $1.bytes })
        for step in trial.steps {
            #expect(step.sentBytes == step.plannedBytes)
            #expect(step.sentBytes.count == ranks && step.sentBytes.allSatisfy { ($0 > 0) == (ranks > 1) })
            #expect(step.compute.count == ranks && step.compute.allSatisfy { $0 > 0 } && step.wall > 0)
            #expect(step.exchange >= 0 && (step.sums > 0) == (ranks > 1))
            #expect(step.network.map(\.bytes) == trial.network.map(\.bytes))
        }
        // A prompt of 70 tokens is two blocks between hosts.
        #expect(trial.steps.contains { $0.blocks == 2 } == (ranks > 1))
    }
}

/// `flotilla scale` without a hostfile, and forecasts.
@Suite("Scale on one host", .serialized, .ownThread)
struct ScaleAloneTests {
    private static let model = Fixtures.url("mini-bf16").path

    private static func run(_ words: [String], in directory: URL) throws -> FlotillaProgram.Outcome {
        try FlotillaProgram.run(["scale"] + words, in: directory)
    }

    @Test("two ranks that share memory send what the plan says")
    func together() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let words = [
                "--model", Self.model, "--decoder-ranks", "1,2", "--vision-ranks", "1", "--picture", "none", "--rounds",
                "1",
                "--prompt-tokens", "70", "--tokens-per-rank", "5", "--threads", "1", "--json",
            ]
            let outcome = try Self.run(words, in: directory)
            try #require(outcome.status == 0, "\(outcome.errors)")
            let record = try ScaleTests.Record(Data(outcome.output.utf8))
            #expect(record.decoders.map(\.ranks) == [1, 2] && record.decoders[1].domains == [[0, 1]])
            for step in record.decoders.flatMap(\.steps) {
                #expect(step.sentBytes == step.plannedBytes)
                #expect(step.blocks == 1)
            }
            #expect(record.decoders[1].steps.allSatisfy { $0.sentBytes.allSatisfy { $0 > 0 } })
            #expect(record.pictures == [] && record.visions.map(\.ranks) == [1])
        }
    }

    private static let cluster = """
        {"machines": [1, 2, 4], "cores": 32, "memory_gb_per_s": 200, "gflops_per_core": 60, "format": "q8",
         "networks": [{"gbit_per_s": 10, "latency_us": 30}, {"gbit_per_s": 100, "latency_us": 5}]}
        """

    @Test("a forecast of a shape without weights: a row a network and number, and where machines stop paying")
    func forecast() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("cluster.json")
            try Self.cluster.write(to: file, atomically: true, encoding: .utf8)
            let words = ["--predict", file.path, "--shape", "sail-vl2-8b"]
            let printed = try Self.run(words + ["--out", directory.path], in: directory)
            #expect(printed.status == 0, "\(printed.errors)")
            let rows = printed.output.split(separator: "\n").filter { $0.hasPrefix("| decode | ") }
            #expect(rows.count == 6 && printed.output.contains("bring at least half of what one alone does"))
            for name in ["forecast.md", "forecast.json", "forecast.svg"] {
                #expect(FileManager.default.fileExists(atPath: directory.appendingPathComponent(name).path))
            }
            let shaped = try Self.run(["--predict", file.path, "--model", Self.model, "--json"], in: directory)
            #expect(shaped.status == 0, "\(shaped.errors)")
        }
    }

    @Test(
        "what cannot be meant is one sentence and exit 2",
        arguments: [
            (["--model", model, "--decoder-ranks", "0"], "--decoder-ranks"),
            (["--model", model, "--decoder-ranks", "99"], "--decoder-ranks"),
            (["--model", model, "--vision-ranks", "x"], "--vision-ranks"), (["--shape", "sail-vl2-2b"], "--predict"),
            (["--model", model, "--rounds", "0"], "--rounds"),
            (["--model", model, "--turns", "--decoder-ranks", "2"], "--turns"),
            (["--model", model, "--predict", "/nowhere"], "/nowhere"), (["--model", model, "--format", "q9"], "q9"),
            (["--model", model, "--picture", "/nowhere.png", "--decoder-ranks", "1"], "/nowhere.png"),
        ]
    )
    func refused(words: [String], says: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try Self.run(words, in: directory)
            #expect(outcome.status == 2 && outcome.output.isEmpty, "\(outcome.errors)")
            #expect(outcome.errors.contains(says), "\(outcome.errors)")
        }
    }
}
