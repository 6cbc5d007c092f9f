import DemoModel
import Foundation
import TestSupport
import Testing

/// Groups whose ranks are placed on several hosts: fake ones, which are all this machine behind another remote shell, and
/// network namespaces with an sshd each where these may be made.
@Suite("Ranks on several hosts", .ownThread, .timeLimit(.minutes(20)))
struct PlacedGroupTests {
    static var root: URL { URL(fileURLWithPath: #filePath).appendingPathComponent("../../../..").standardizedFileURL }

    /// Why hosts cannot be made here; `nil` if they can.
    static let obstacle: String? = {
        try? Fixtures.withTemporaryDirectory { directory in
            let output = directory.appendingPathComponent("check")
            let netlab = root.appendingPathComponent("cluster/netlab").path
            let process = try ChildProcess(netlab, ["check", "--ssh"], errors: .file(output))
            process.waitUntilExit()
            return process.terminationStatus == 0 ? nil : try String(contentsOf: output, encoding: .utf8)
        }
    }()

    /// A remote shell that stays here.
    ///
    /// Each host has a directory of its own for Open MPI's sessions, which daemons of one machine would share.
    static func agent(in directory: URL) throws -> String {
        let path = directory.appendingPathComponent("agent").path
        let script = """
            #!/bin/sh
            export TMPDIR="\(directory.path)/$1"; shift
            mkdir -p "$TMPDIR" || exit
            exec sh -c "$*"

            """
        try script.write(toFile: path, atomically: true, encoding: .utf8)
        chmod(path, 0o755)
        return path
    }

    /// Node → ranks, as Open MPI's own map has them; every daemon prints it.
    static func map(_ text: String) -> [String: Set<Int>] {
        var map: [String: Set<Int>] = [:]
        var node = ""
        for line in text.split(separator: "\n") {
            if let match = line.firstMatch(of: /Data for node: (\S+)/) { node = String(match.1) }
            if let match = line.firstMatch(of: /Process rank: (\d+)/), let rank = Int(match.1) {
                map[node, default: []].insert(rank)
            }
        }
        return map
    }

    @Test("under Slurm three decoder ranks are on three nodes, and the vision rank beside the last")
    func slurm() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let variables = [
                "SLURM_JOB_ID": "7", "SLURM_JOBID": "7", "SLURM_JOB_NODELIST": "n[1-3]", "SLURM_NODELIST": "n[1-3]",
                "SLURM_TASKS_PER_NODE": "2(x3)", "SLURM_JOB_CPUS_PER_NODE": "2(x3)", "SLURM_NNODES": "3",
            ]
            let shell = "--mca plm rsh --mca plm_rsh_agent \(try Self.agent(in: directory)) --display-map"
            let group = ["--model", DemoModel.name, "--decoder-ranks", "3", "--mpirun-args", shell]
            let plan = try FlotillaProgram.run(["plan", "--json"] + group, in: directory, environment: variables)
            #expect(plan.status == 0, "\(plan.errors)")
            #expect(try Self.hosts(plan.output) == ["n1", "n2", "n3", "n3"])
            let answer = try FlotillaProgram.run(
                ["generate", "--json", "--verbose", "--prompt", "hello"] + group,
                in: directory,
                environment: variables
            )
            #expect(answer.status == 0, "\(answer.errors)")
            #expect(Self.map(answer.errors) == ["n1": [0], "n2": [1], "n3": [2, 3]])
            let one = try FlotillaProgram.run(
                ["generate", "--json", "--model", DemoModel.name, "--prompt", "hello"],
                in: directory
            )
            #expect(try Self.tokens(answer.output) == Self.tokens(one.output))
        }
    }

    @Test("shares that are measured give the same tokens; equal ranks keep equal shares or say what they measured")
    func measured() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let ask = ["generate", "--json", "--model", DemoModel.name, "--prompt", "hello"]
            let one = try FlotillaProgram.run(ask, in: directory)
            for shares in ["auto", "3,1,1", "equal"] {
                let answer = try FlotillaProgram.run(
                    ask + ["--decoder-ranks", "3", "--shares", shares, "--verbose"],
                    in: directory
                )
                #expect(answer.status == 0, "\(answer.errors)")
                #expect(try Self.tokens(answer.output) == Self.tokens(one.output))
                #expect(answer.errors.contains("decoder ranks multiply ") == (shares == "auto"), "\(answer.errors)")
            }
        }
    }

    @Test(
        "hosts with an sshd each: the plan names them, and the tokens are those of one host",
        .enabled(if: obstacle == nil)
    )
    func namespaces() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let netlab = Self.root.appendingPathComponent("cluster/netlab").path
            let lab = ["FLOTILLA_NETLAB": "placed-\(getpid())"]
            defer {
                _ = try? FlotillaProgram.start(
                    ["down"],
                    of: URL(fileURLWithPath: netlab),
                    in: directory,
                    environment: lab
                ).wait()
            }
            func run(_ arguments: [String]) throws -> FlotillaProgram.Outcome {
                try FlotillaProgram.start(arguments, of: URL(fileURLWithPath: netlab), in: directory, environment: lab)
                    .wait()
            }
            let up = try run(["up", "3", "--ssh", "--while", "\(getpid())"])
            try #require(up.status == 0, "\(up.errors)")
            let file = directory.appendingPathComponent("hosts").path
            try "\u{FEFF}node[1-3]:2\r\n".write(toFile: file, atomically: true, encoding: .utf8)
            let flotilla = FlotillaProgram.executable.path
            let group = ["--model", DemoModel.name, "--hostfile", file, "--decoder-ranks"]
            let plan = try run(["exec", "1", flotilla, "plan", "--json"] + group + ["3"])
            #expect(plan.status == 0, "\(plan.errors)")
            #expect(try Self.hosts(plan.output) == ["node1", "node2", "node3", "node3"])
            let ask = ["generate", "--json", "--prompt", "hello"]
            let one = try FlotillaProgram.run(ask + ["--model", DemoModel.name], in: directory)
            for ranks in ["2", "3", "5"] {
                let arguments =
                    ["exec", "1", flotilla] + ask + ["--verbose", "--mpirun-args", "--display-map"] + group
                let answer = try run(arguments + [ranks])
                #expect(answer.status == 0, "\(answer.errors)")
                #expect(try Self.tokens(answer.output) == Self.tokens(one.output))
                let all: [String: Set] = ["node1": [0, 1], "node2": [2, 3], "node3": [4, 5]]
                let map = Self.map(answer.errors)
                #expect(ranks != "5" || map == all, "\(map)")
            }
        }
    }

    @Test func saysWhyThereAreNoHosts() {
        if let reason = Self.obstacle {
            FileHandle.standardError.write(Data("SKIPPED: groups on several hosts, because \(reason)\n".utf8))
        }
    }

    private static func hosts(_ plan: String) throws -> [String] {
        let object = try JSONSerialization.jsonObject(with: Data(plan.utf8)) as? [String: Any]
        let ranks = object?["ranks"] as? [[String: Any]] ?? []
        return ranks.compactMap { $0["host"] as? String }
    }

    private static func tokens(_ answer: String) throws -> [Int] {
        let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        return try #require(object?["tokens"] as? [Int])
    }
}
