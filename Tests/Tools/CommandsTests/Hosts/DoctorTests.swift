import Foundation
import TestSupport
import Testing

/// `flotilla doctor` over hosts with an sshd each.
@Suite("Doctor", .serialized, .ownThread, .enabled(if: NetLab.isPossible()))
struct DoctorTests {
    private struct Found: Decodable {
        struct Host: Decodable {
            struct Report: Decodable {
                let build: String
                let checkpoint: String?
                let interface: String?
            }
            let host: String
            let is_ready: Bool
            let ranks: [Int]
            let report: Report?
            let needed_bytes: Int
            let draft_bytes: Int?
            let findings: [Finding]
        }
        struct Finding: Decodable {
            let check: String
            let text: String
        }
        struct Network: Decodable {
            struct Pair: Decodable {
                let one, other: String
                let round_trip_microseconds, megabits_per_second, clock_offset: Double
            }
            let pairs: [Pair]
            let hidden_size: Int
            let all_reduce_microseconds: Double
        }
        let hosts: [Host]
        let network: Network?
        let findings: [Finding]
    }

    private struct Site {
        let lab: NetLab
        let directory: URL

        func doctor(
            model: String = Fixtures.url("mini-bf16").path,
            hostfile: String? = nil,
            _ options: [String] = []
        ) throws -> (status: Int32, found: Found, errors: String) {
            let hosts = try hostfile ?? lab.hostfile(for: 3, in: directory)
            let outcome = try FlotillaProgram.run(
                ["doctor", "--json", "--model", model, "--hostfile", hosts, "--decoder-ranks", "2"] + options,
                in: directory,
                environment: lab.environment,
                script: lab.script(on: 1)
            )
            let found = try? JSONDecoder().decode(Found.self, from: Data(outcome.output.utf8))
            return (outcome.status, try #require(found, "\(outcome.output)\(outcome.errors)"), outcome.errors)
        }

        func shell(_ host: Int, _ script: String) throws {
            let done = try lab.run(on: host, "/bin/sh", "-ec", script)
            try #require(done.status == 0, "\(script): \(done.errors)")
        }
    }

    private func onSite(_ body: (Site) throws -> Void) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let site = Site(lab: try NetLab(hosts: 3, ["--ssh"]), directory: directory)
            try body(site)
            try site.lab.down()
        }
    }

    @Test("three hosts that are ready; one of them cut; memory that no host has")
    func reachable() throws {
        try onSite { site in
            let (status, found, errors) = try site.doctor()
            #expect(status == 0, "\(errors)")
            #expect(found.hosts.map(\.host) == ["node1", "node2", "node3"])
            #expect(found.hosts.allSatisfy { $0.is_ready && $0.report?.interface == "eth0" && $0.ranks.count == 1 })
            #expect(Set(found.hosts.map { $0.report?.checkpoint }).count == 1)
            let network = try #require(found.network)
            let pairs = Set(network.pairs.map { "\($0.one) \($0.other)" })
            #expect(pairs == ["node1 node2", "node1 node3", "node2 node3"])
            #expect(network.pairs.allSatisfy { $0.round_trip_microseconds > 0 && $0.megabits_per_second > 0 })
            // They are one machine with one clock, and the quickest round trip is no longer than the median.
            #expect(network.pairs.allSatisfy { abs($0.clock_offset) <= $0.round_trip_microseconds / 2e6 + 1e-5 })
            #expect(network.all_reduce_microseconds > 0 && network.hidden_size > 0)

            // Ranks that speak over an interface that no other host is behind.
            let deaf = try site.doctor(["--mpirun-args", "--mca btl_tcp_if_include lo"])
            #expect(deaf.status == 6 && deaf.found.network == nil && deaf.found.hosts.allSatisfy(\.is_ready))
            #expect(deaf.errors.contains("has heard nothing of host node"), "\(deaf.errors)")

            // The host that launches need not be one of them.
            let others = site.directory.appendingPathComponent("others").path
            try "node2 slots=2\nroot@node3 slots=2\n".write(toFile: others, atomically: true, encoding: .utf8)
            let away = try site.doctor(hostfile: others)
            #expect(away.status == 0 && away.found.network?.pairs.map(\.one) == ["node2"], "\(away.errors)")

            // A draft model's ranks are where the vision rank is.
            let model = Fixtures.url("mini-bf16").path
            let draft = ["--speculate", "draft", "--draft", model, "--draft-ranks", "2"]
            let beside = try site.doctor(draft)
            #expect(beside.status == 0 && beside.found.hosts.map { $0.draft_bytes == nil } == [true, true, false])
            let more = zip(beside.found.hosts, found.hosts).map { $0.needed_bytes - $1.needed_bytes }
            #expect(more == beside.found.hosts.map { $0.draft_bytes ?? 0 })
            let plan = try FlotillaProgram.run(
                ["plan", "--json", "--model", model, "--decoder-ranks", "2"] + draft,
                in: site.directory
            )
            let planned = try JSONSerialization.jsonObject(with: Data(plan.output.utf8)) as? [String: Any]
            let ranks = (planned?["draft"] as? [String: Any])?["ranks"] as? [[String: Any]] ?? []
            #expect(ranks.count == 3 && ranks.reduce(0) { $0 + ($1["total_bytes"] as? Int ?? 0) } == more[2])

            let small = try site.doctor(["--context", "100000000"])
            #expect(small.status == 5, "\(small.errors)")
            let all = small.found.hosts.flatMap(\.findings) + small.found.findings
            #expect(all.contains { $0.check == "memory" })

            try site.lab.cut(3)
            let cut = try site.doctor()
            #expect(cut.status == 6 && cut.errors.contains("node3"), "\(cut.errors)")
            #expect(cut.found.hosts.map(\.is_ready) == [true, true, false] && cut.found.network == nil)
            #expect(cut.found.hosts[2].findings.map(\.check) == ["login"])
        }
    }

    @Test("a host without the checkpoint, with another one, with another build, without the program")
    func different() throws {
        try onSite { site in
            let model = Fixtures.url("mini-bf16").path
            let check = { (codes: Int32, checks: [String]) in
                let (status, found, errors) = try site.doctor()
                #expect(status == codes, "\(errors)")
                #expect(found.hosts[1].findings.map(\.check) == checks, "\(found.hosts[1].findings)")
                #expect(found.hosts[0].is_ready && !found.hosts[1].is_ready && found.hosts[2].is_ready)
            }
            let empty = site.directory.appendingPathComponent("empty").path
            try site.shell(2, "mkdir \(empty); mount --bind \(empty) \(model)")
            try check(3, ["checkpoint"])
            try site.shell(2, "umount \(model); mount --bind \(Fixtures.url("mini-f32").path) \(model)")
            try check(3, ["checkpoint"])
            let program = FlotillaProgram.executable.path
            let other = site.directory.appendingPathComponent("other").path
            try site.shell(2, "umount \(model)")
            try Self.copy(program, withOtherIdentifierTo: other)
            try site.shell(2, "mount --bind \(other) \(program)")
            try check(3, ["build"])
            try site.shell(2, "umount \(program); mount --bind /dev/null \(program)")
            try check(6, ["program"])
        }
    }

    /// Changes what tells builds apart: a byte of the linker's note, or the file where there is none.
    private static func copy(_ program: String, withOtherIdentifierTo path: String) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: program))
        // Length of the name, of the identifier, its type, and the name.
        let head = Data([4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0]) + Data("GNU\0".utf8)
        if let place = bytes.prefix(1 << 18).range(of: head) {
            bytes[place.upperBound] ^= 0xFF
        } else {
            bytes.append(0)
        }
        try bytes.write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
}

/// `flotilla doctor` without a hostfile.
@Suite("Doctor of one host", .ownThread)
struct DoctorAloneTests {
    @Test(
        "ready, too small, or without mpirun",
        arguments: [
            ([], [:], 0, "verdict: this host is ready"), (["--context", "100000000"], [:], 5, "fault: rank"),
            ([], ["PATH": "/nowhere"], 6, "mpirun is not in PATH"),
        ] as [([String], [String: String], Int32, String)]
    )
    func alone(options: [String], environment: [String: String], status: Int32, says: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(
                ["doctor", "--model", Fixtures.url("mini-bf16").path] + options,
                in: directory,
                environment: environment
            )
            #expect(outcome.status == status, "\(outcome.output)\(outcome.errors)")
            #expect(outcome.output.contains(says), "\(outcome.output)")
        }
    }
}
