import Foundation
import TestSupport
import Testing

@testable import GroupLauncher

struct SlurmNodeListTests {
    private static func names(in list: String) -> [String]? {
        let job = ["SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": list]
        return (try? SlurmHosts.read(job))??.hosts.map(\.name)
    }

    @Test(
        "Lists of hosts as Slurm writes them",
        arguments: [
            ("n1", ["n1"]), ("n[1-3]", ["n1", "n2", "n3"]), ("n[08-10,12],head", ["n08", "n09", "n10", "n12", "head"]),
            ("a,b-c[2]", ["a", "b-c2"]), ("r[1-2]n[1-2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
            ("n[1-2].example", ["n1.example", "n2.example"]),
        ]
    )
    func names(list: String, expected: [String]) { #expect(Self.names(in: list) == expected) }

    @Test(
        "Lists that nobody writes are no list",
        arguments: [
            "n[1-", "n]", "n[]", "n[3-1]", "n[a]", "n[1-2", "n[1-99999999]", "n[1-9999]x[1-9999]",
        ]
    )
    func wrong(list: String) { #expect(Self.names(in: list) == nil) }

    private let job = ["SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-3]", "SLURM_TASKS_PER_NODE": "2(x2),1"]

    @Test("A hostfile counts for more than the batch system")
    func knownHosts() throws {
        var spec = HostfileTests.spec { $0.environment = job }
        #expect(try spec.namedHosts()?.hosts.map(\.name) == ["n1", "n2", "n3"])
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("hosts-\(UUID().uuidString)")
        try "n9 slots=1\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        spec.hostfile = file.path
        #expect(try spec.namedHosts()?.hosts.map(\.name) == ["n9"])
    }

    /// Outside truth: `scontrol show hostnames`, where Slurm is installed.
    @Test("As scontrol reads them", .enabled(if: Self.scontrol != nil, "Slurm's scontrol is not installed"), .ownThread)
    func asSlurmReads() throws {
        var random = SeededRandom(seed: 9)
        for _ in 0..<20 {
            let list = Self.randomList(&random)
            let output = try Self.hostnames(list)
            #expect(Self.names(in: list) == output, "\(list)")
        }
    }

    private static let scontrol = ProgramSearch.find("scontrol", in: ProcessInfo.processInfo.environment)

    private static func randomList(_ random: inout SeededRandom) -> String {
        (0..<Int.random(in: 1...4, using: &random)).map { part in
            let ranges = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                let first = Int.random(in: 0...120, using: &random)
                let last = first + Int.random(in: 0...15, using: &random)
                let text = { (number: Int) in String(format: "%03d", number) }
                return first == last ? text(first) : "\(text(first))-\(text(last))"
            }
            return Bool.random(using: &random) ? "p\(part)" : "p\(part)n[\(ranges.joined(separator: ","))]"
        }
        .joined(separator: ",")
    }

    private static func hostnames(_ list: String) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("names-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let empty = file.appendingPathExtension("conf")
        defer { try? FileManager.default.removeItem(at: empty) }
        try "ClusterName=test\nSlurmctldHost=localhost\nNodeName=localhost\n".write(
            to: empty,
            atomically: true,
            encoding: .utf8
        )
        let environment = ["SLURM_CONF": empty.path]
        let process = try ChildProcess(
            scontrol ?? "",
            ["show", "hostnames", list],
            environment: environment,
            output: .file(file)
        )
        process.waitUntilExit()
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}
