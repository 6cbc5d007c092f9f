import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// A server whose ranks are on several hosts: one of them loses its network in the middle of answers.
@Suite("Serving from several hosts", .serialized, .ownThread, .enabled(if: NetLab.isPossible()))
struct HostsServingTests {
    @Test(
        "a host cut in mid-answer, and joined: the same bytes as undisturbed",
        arguments: [[], ["--delay", "100us", "--rate", "1gbit"]]
    )
    func cut(options: [String]) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let lab = try NetLab(hosts: 3, ["--ssh"] + options)
            let hosts = try lab.hostfile(for: 4, in: directory)
            let server = try ServerProcess(
                model: ReplayTests.model,
                [
                    "--decoder-ranks", "3", "--vision-ranks", "1", "--context", "16384", "--hostfile", hosts,
                    // With drafts these answers are over before a host is back.
                    "--speculate", "off",
                ],
                in: directory,
                // A moment without work is not waited for as long as people would.
                environment: lab.environment.merging(["FLOTILLA_START_LIMITS": "grow=0.5"]) { $1 },
                script: lab.script(on: 1)
            )
            try Self.checkMemory(try server.ranks().values.map { $0 })
            let expected = try ReplayTests.answers(server) {}
            #expect(expected.allSatisfy { $0.ids.count > 40 && $0.end?.replays == 0 })
            let cut = try ReplayTests.answers(server) { try lab.cut(2) }
            Self.compare(cut, expected, "cut")
            #expect(cut.allSatisfy { ($0.end?.replays ?? 0) >= 1 })
            #expect(try Self.missing(server) == ["node2"] && Self.hosts(server).count == 2)
            // Back again, it is taken in, mostly amid answers: when it is asked next is a matter of time.
            let joined = try ReplayTests.answers(server) {
                try lab.join(2)
                try server.waitUntil(.ready)
            }
            Self.compare(joined, expected, "joined")
            #expect(try Self.missing(server) == [] && Self.hosts(server).count == 3)
            let groups = try #require(try GroupsTests.report(server).groups)
            #expect(groups.map(\.regrowths) == [1] && groups.map(\.restarts) == [1], "\(server.errors)")
            let killed = try ReplayTests.answers(server) { kill(try #require(try server.ranks()[0]), SIGKILL) }
            Self.compare(killed, expected, "killed")
            #expect(server.end().status == 0, "\(server.errors)")
            try lab.down()
        }
    }

    @Test("two groups on a host each, one host cut in mid-answer: the other group goes on at once, the same bytes")
    func groups() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let lab = try NetLab(hosts: 2, ["--ssh"])
            let hosts = try lab.hostfile(for: 4, in: directory)
            let server = try ServerProcess(
                model: ReplayTests.model,
                ["--groups", "2", "--context", "16384", "--hostfile", hosts],
                in: directory,
                environment: lab.environment,
                script: lab.script(on: 1)
            )
            try server.waitUntil(.ready)
            let ranks = try GroupsTests.report(server).ranks
            #expect(ranks.map(\.host).count == 4 && Set(ranks.map { "\($0.group ?? -1) \($0.host)" }).count == 2)
            let expected = try ReplayTests.answers(server) {}
            let cut = try GroupsTests.answers(server) { _ in try lab.cut(2) }
            Self.compare(cut, expected, "cut")
            let groups = try #require(try GroupsTests.report(server).groups)
            let replays = cut.compactMap(\.end?.replays).reduce(0, +)
            // Its own hosts are all that the other group has: that one of others is gone does not touch it.
            #expect(replays > 0 && groups.map(\.resumed) == [replays, 0] && groups.map(\.restarts).first == 0)
            #expect(groups.map(\.generation).first == 1 && groups[1].state != "ready")
            try lab.join(2)
            try server.waitUntil(.ready)
            Self.compare(try ReplayTests.answers(server) {}, expected, "joined")
            #expect(try GroupsTests.report(server).groups?.map(\.state) == ["ready", "ready"])
            #expect(server.end().status == 0, "\(server.errors)")
            try lab.down()
        }
    }

    @Test(
        "weights that are kept: a group that was killed is back without loading, the same bytes, and nothing stays behind"
    )
    func kept() throws {
        try Fixtures.withTemporaryDirectory { directory in
            // Hosts with memory of their own, which no other test's ranks clear away.
            let lab = try NetLab(hosts: 2, ["--ssh"])
            let server = try ServerProcess(
                model: ReplayTests.model,
                ["--decoder-ranks", "2", "--context", "16384", "--hostfile", lab.hostfile, "--weights", "keep"],
                in: directory,
                environment: lab.environment,
                script: lab.script(on: 1)
            )
            let expected = try ReplayTests.answers(server) {}
            #expect(!server.errors.contains("weights are there from before"))
            let killed = try ReplayTests.answers(server) { kill(try #require(try server.ranks()[1]), SIGKILL) }
            Self.compare(killed, expected, "killed")
            #expect(server.errors.ranges(of: "weights are there from before").count == 2, "\(server.errors)")
            func files() throws -> [String] {
                let count = "ls -A /dev/shm/flotilla-weights-* 2>/dev/null | wc -l"
                return try (1...2).map { try lab.run(on: $0, "/bin/sh", "-c", count).line }
            }
            #expect(try files() == ["1", "1"])
            #expect(server.end().status == 0, "\(server.errors)")
            #expect(try files() == ["0", "0"])
            // What a server leaves behind that is killed, the next start removes.
            let next = try ServerProcess(
                model: ReplayTests.model,
                ["--decoder-ranks", "2", "--hostfile", lab.hostfile, "--weights", "keep"],
                in: directory,
                environment: lab.environment,
                script: lab.script(on: 1)
            )
            let pids = try next.ranks().values.map { $0 }
            #expect(next.end(by: SIGKILL).status != 0)
            #expect(Poll.until { pids.allSatisfy { kill($0, 0) != 0 } })
            #expect(try files() == ["1", "1"])
            let last = try FlotillaProgram.run(
                ["generate", "--model", ReplayTests.model, "--decoder-ranks", "2", "--hostfile", lab.hostfile]
                    + ["--prompt", "hello", "--mpirun-args=--oversubscribe"],
                in: directory,
                environment: lab.environment,
                script: lab.script(on: 1)
            )
            #expect(last.status == 0, "\(last.errors)")
            #expect(try files() == ["0", "0"])
            try lab.down()
        }
    }

    private static func missing(_ server: ServerProcess) throws -> [String] {
        try GroupsTests.report(server).groups?.flatMap { $0.missingHosts ?? [] } ?? []
    }

    private static func hosts(_ server: ServerProcess) throws -> Set<String> {
        Set(try GroupsTests.report(server).ranks.map(\.host))
    }

    /// Ranks of two hosts must not have the same memory, whatever file or nameless one it is.
    private static func checkMemory(_ ranks: [Int32]) throws {
        var owners: [String: String] = [:]
        for pid in ranks {
            let host = try String(contentsOfFile: "/proc/\(pid)/root/etc/hostname", encoding: .utf8)
            for line in try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8).split(separator: "\n") {
                // Address, permissions (shared and writable here), offset, device, inode, path.
                let fields = line.split(separator: " ", omittingEmptySubsequences: true)
                guard fields[1].hasPrefix("rw"), fields[1].hasSuffix("s") else { continue }
                let memory = fields[3...].joined(separator: " ")
                #expect(owners[memory, default: host] == host, "\(memory)")
                owners[memory] = host
            }
        }
        // The two on one host do share some.
        let hosts = try ranks.map { try String(contentsOfFile: "/proc/\($0)/root/etc/hostname", encoding: .utf8) }
        #expect(ranks.count == 4 && Set(hosts).count == 3 && !owners.isEmpty, "\(hosts), \(owners)")
    }

    private static func compare(_ found: [RawClient.Answer], _ expected: [RawClient.Answer], _ when: String) {
        #expect(found.map(\.text) == expected.map(\.text), "\(when)")
        #expect(found.map(\.ids) == expected.map(\.ids), "\(when)")
        #expect(found.map(\.end?.text) == expected.map(\.end?.text), "\(when)")
    }
}
