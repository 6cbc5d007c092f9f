import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import GroupLauncher

@Suite("Forms of hostfiles")
struct HostfileFormsTests {
    /// A host as `name` or `name:slots`, with `user@` where one is given.
    static func hosts(_ text: String) throws -> [String] {
        try Hostfile(text).hosts.map { $0.target + ($0.slots.map { ":\($0)" } ?? "") }
    }

    @Test("short forms, ranges, and what editors of other systems leave behind")
    func forms() throws {
        #expect(try Self.hosts("node1:2") == ["node1:2"])
        #expect(try Self.hosts("node[1-3]") == ["node1", "node2", "node3"])
        #expect(try Self.hosts("me@node[01-03,7]:2") == ["me@node01:2", "me@node02:2", "me@node03:2", "me@node7:2"])
        #expect(try Self.hosts("r[1-2]n[8-9] slots=1") == ["r1n8:1", "r1n9:1", "r2n8:1", "r2n9:1"])
        #expect(try Self.hosts("\u{FEFF}node1 slots=2\r\nnode2\tslots=3\r\n") == ["node1:2", "node2:3"])
        #expect(try Self.hosts("node1 slots = 2 username = joe") == ["joe@node1:2"])
        #expect(try Self.hosts("a // b\n/* c\nd */ e slots=1 # f\n#g") == ["a", "e:1"])
        #expect(try Self.hosts("node09\nnode[098-101]") == ["node09", "node098", "node099", "node100", "node101"])
    }

    @Test("addresses of IPv6, bare and in brackets")
    func addresses() throws {
        #expect(
            try Self.hosts("fd77::1 slots=2\n[fd77::2]\n[fd77::3]:4\nfe80::1%eth0") == [
                "fd77::1:2", "fd77::2", "fd77::3:4", "fe80::1%eth0",
            ]
        )
    }

    @Test("a host that is named again has one slot more; contradictions are refused")
    func duplicates() throws {
        #expect(try Self.hosts("a\nb\na\na") == ["a:3", "b"])
        for text in ["a slots=1\na slots=2", "a\na slots=2", "a:2\na", "localhost:1\n127.0.0.1:2"] {
            let error = #expect(throws: UsageError.self) { try Hostfile(text, name: "f") }
            #expect(error?.description.contains("f, line 2: ") == true && error?.exitCode == .usage, "\(text)")
            #expect(error?.description.contains("line 1") == true)
        }
    }

    @Test(
        "nonsense is one sentence with the line",
        arguments: [
            "a slots=0", "a slots=-1", "a slots=x", "a slots=", "a slots=99999999999", "a slots=2 slots=3", "a:0", "a:",
            "a:x", "a:2 slots=2", "a foo=3", "a SLOTS=2", "a slots=3 max_slots=2", "a b", "a,b", "a[1-", "a]", "a[]",
            "a[3-1]", "a[x]", "a[1-99999]", "a[1-99][1-99]", "a[1-9999999999]", "[fd77::1", "[fd77::1]x", "fd77:::1",
            "^a", "+n0", "\"a\"", "-oProxyCommand=x", "a@", "@a", "-l@a", "me;x@a", "a;reboot", "a$(x)", ".a",
            "a slots=2 username=-x", "=", "a =",
        ]
    )
    func nonsense(line: String) {
        let error = #expect(throws: UsageError.self) { try Hostfile("# one\n\(line)\n", name: "the hostfile f") }
        #expect(error?.description.hasPrefix("the hostfile f, line 2: ") == true, "\(error?.description ?? "")")
        #expect(error?.hint != nil)
        #expect(error?.description.contains("\n") == false)
    }

    @Test("files that are too large, or not text, are refused before they are believed")
    func bounds() throws {
        #expect(throws: UsageError.self) { try Hostfile((0...4096).map { "n\($0)\n" }.joined()) }
        try Fixtures.withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("hosts").path
            #expect(throws: LaunchError.self) { try Hostfile.read(path) }
            #expect(throws: LaunchError.self) { try Hostfile.read(directory.path) }
            try Data(count: Hostfile.byteLimit + 1).write(to: URL(fileURLWithPath: path))
            #expect(throws: UsageError.self) { try Hostfile.read(path) }
            try Data([0x61, 0xFF, 0xFE]).write(to: URL(fileURLWithPath: path))
            #expect(throws: UsageError.self) { try Hostfile.read(path) }
        }
        #expect(throws: UsageError.self) { try Hostfile.read("/dev/zero") }
    }

    @Test("whatever comes, it is hosts of safe names or one sentence; and our own text means the same again")
    func storm() {
        var random = SeededRandom(seed: 7)
        let pieces = [
            "node", "a", "7", "[", "]", "1-3", "01-03", ",", ":", "::1", "@", " ", "\t", "\n", "\r\n", "slots", "=",
            "2",
            "max_slots=3", "#", "//", "/*", "*/", "username=x", "-", ".", "_", "%", "\u{FEFF}", "é", "\0",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...12, using: &random)
            let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            guard let file = try? Hostfile(text) else { continue }
            for host in file.hosts {
                #expect(HostName.isValid(host.name) && host.slots ?? 1 >= 1, "\(text.debugDescription)")
            }
            let again = try? Hostfile(file.text)
            #expect(again?.text == file.text, "\(text.debugDescription)")
        }
    }
}

@Suite("Hostfiles beside what mpirun makes of them", .ownThread)
struct HostfileTruthTests {
    @Test(
        "the same hosts and slots as Open MPI",
        arguments: [
            "nodea slots=2\nnodeb slots=3\n", "nodea\nnodea\nnodeb slots=1\n", "nodea max_slots=4\n", "nodea cpu=3\n",
            "nodea count=3\n", "nodea slots = 3\n", "nodea max-slots=3\n", "joe@nodea slots=2\n",
            "nodea username=joe slots=2\n", "nodea slots=2#c\n", "nodea slots=2 // c\n", "/* c */ nodea slots=2\n",
            "10.0.0.3 slots=2\n", "a.b-c.org slots=2\n", "nodea slots=2 max_slots=4\n",
        ]
    )
    func same(text: String) throws {
        let file = try Hostfile(text)
        let slots = try #require(file.slots)
        #expect(try Self.mpirun(text, ranks: slots) == file.hosts.map { "\($0.name) \($0.slots ?? 0)" })
        // And it reads what we write.
        #expect(try Self.mpirun(file.text, ranks: slots) == file.hosts.map { "\($0.name) \($0.slots ?? 0)" })
    }

    @Test(
        "what Open MPI refuses, we refuse",
        arguments: [
            "nodea slots=2\nnodea slots=3\n", "nodea\nnodea slots=2\n", "nodea slots=-1\n", "nodea slots=x\n",
            "nodea foo=3\n", "nodea slots=3 max_slots=2\n", "nodea SLOTS=2\n", "nodea slots=2 slots=3\n",
        ]
    )
    func refused(text: String) throws {
        #expect(try Self.mpirun(text, ranks: 1) == [])
        #expect(throws: UsageError.self) { try Hostfile(text) }
    }

    /// The hosts and slots of Open MPI's own map, of a job that is not started.
    static func mpirun(_ text: String, ranks: Int) throws -> [String] {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("hosts")
            try text.write(to: file, atomically: true, encoding: .utf8)
            let output = directory.appendingPathComponent("out")
            let process = try ChildProcess(
                "mpirun",
                [
                    "--mca", "plm", "isolated", "--mca", "orte_keep_fqdn_hostnames", "1", "--hostfile", file.path,
                    "--display-map", "--do-not-launch", "-np", "\(ranks)", "true",
                ],
                environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
                output: .file(output),
                deathSignal: SIGTERM
            )
            process.waitUntilExit()
            let lines = try String(contentsOf: output, encoding: .utf8)
            return lines.matches(of: /Data for node: (\S+)\s+Num slots: (\d+)/).map { "\($0.1) \($0.2)" }
        }
    }
}
