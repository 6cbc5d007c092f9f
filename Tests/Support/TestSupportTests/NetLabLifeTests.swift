import Foundation
import TestSupport
import Testing

/// What `cluster/netlab` says to wrong words, and that nothing of a lab stays, however it ends.
@Suite("The life of hosts on one machine", .serialized, .ownThread, .enabled(if: NetLab.isPossible(ssh: false)))
struct NetLabLifeTests {
    @Test(
        "wrong words are one sentence and exit 2",
        arguments: [
            ["up"], ["up", "0"], ["up", "65"], ["up", "three"], ["up", "2", "3"], ["up", "2", "--rate"],
            ["up", "2", "--speed", "1"],
            ["up", "2", "--rate", "fast"], ["up", "2", "--rate", "0gbit"], ["up", "2", "--delay", "5"],
            ["up", "2", "--delay", "-1ms"],
            ["up", "2", "--loss", "0.1"], ["up", "2", "--loss", "101%"], ["up", "2", "--while", "0x1"], ["exec", "1"],
            ["cut"], ["cut", "1", "2"],
            ["down", "now"], ["dance"], [],
        ]
    )
    func wrong(words: [String]) throws {
        let lab = "wrong-\(getpid())"
        let outcome = try NetLab.run(words, lab: lab)
        #expect(outcome.status == 2 && outcome.output.isEmpty)
        #expect(
            outcome.errors.hasPrefix("netlab: ") && outcome.errors.split(separator: "\n").count == 1,
            "\(outcome.errors)"
        )
        #expect(!FileManager.default.fileExists(atPath: "/run/flotilla-netlab-\(lab)"))
    }

    @Test("what is not there is said: no lab, no such host, no switch")
    func absent() throws {
        #expect(try NetLab.run(["exec", "1", "true"], lab: "nobody").errors.contains("there is no lab 'nobody'"))
        #expect(try NetLab.run(["UP"], lab: "Ab").status == 2)
        let lab = try NetLab(hosts: 2)
        #expect(try lab.netlab(["exec", "3", "true"]).status == 2)
        #expect(try lab.netlab(["stats"]).errors.contains("no switch of its own"))
        #expect(try lab.netlab(["up", "2"]).errors.contains("is up already"))
        #expect(try lab.run(on: 2, "hostname").line == "node2")
    }

    @Test("two labs side by side do not know of each other")
    func sideBySide() throws {
        let (one, two) = (try NetLab(hosts: 2), try NetLab(hosts: 2, ["--delay", "0us"]))
        #expect(try one.isReached(2, from: 1) && two.isReached(2, from: 1))
        let places = try [one, two].map { try $0.run(on: 2, "getent", "hosts", "node2").line }
        #expect(places[0] != places[1])
        try one.down()
        #expect(try two.isReached(1, from: 2))
        #expect(Remains(of: one).isEmpty && !Remains(of: two).isEmpty)
    }

    @Test(
        "down leaves no process, device, namespace or file; a second one finds nothing to do",
        arguments: [[], ["--rate", "1gbit"]]
    )
    func nothingStays(options: [String]) throws {
        let before = try Remains.devices()
        let lab = try NetLab(hosts: 3, options)
        // One that ignores signals, one in a session of its own, one that has left its host's mounts behind.
        let stubborn = ["sleep 601", "setsid sleep 602", "unshare --mount sleep 603"].map {
            "(trap '' TERM HUP; exec \($0)) &"
        }
        #expect(try lab.run(on: 2, "bash", "-c", "exec >&- 2>&-; " + stubborn.joined(separator: "\n")).status == 0)
        #expect(Remains(of: lab).processes.count >= 7)
        try lab.down()
        #expect(Remains(of: lab).isEmpty, "\(Remains(of: lab))")
        #expect(try Remains.devices() == before)
        try lab.down()
    }

    @Test("a killed switch, a killed host, a killed `up`: down clears them away")
    func killed() throws {
        let lab = try NetLab(hosts: 2, ["--delay", "1ms"])
        for name in ["netlab-switch", "netlab-node1"] {
            let found = Remains(of: lab).processes.filter { Remains.words($0).first?.contains(name) == true }
            #expect(found.count == 1, "\(name)")
            for pid in found { kill(pid, SIGKILL) }
        }
        #expect(Poll.until { (try? lab.run(on: 1, "true").status) != 0 })
        #expect(try lab.run(on: 1, "true").errors.contains("host 1 is gone"))
        try lab.down()
        #expect(Remains(of: lab).isEmpty, "\(Remains(of: lab))")
        // At every point of making one.
        for delay in [0, 50_000, 150_000, 300_000, 450_000, 600_000] as [UInt32] {
            let name = "half-\(getpid())-\(delay)"
            let up = try ChildProcess(
                NetLab.command,
                ["up", "3", "--delay", "1ms"],
                environment: ["FLOTILLA_NETLAB": name]
            )
            usleep(delay)
            kill(up.processIdentifier, SIGKILL)
            up.waitUntilExit()
            #expect(try NetLab.run(["down"], lab: name).status == 0)
            // What `up` was just starting may still come to life.
            #expect(
                Poll.until { Remains(of: name).isEmpty || (try? NetLab.run(["down"], lab: name)) == nil },
                "\(Remains(of: name))"
            )
        }
    }

    @Test("it goes with the process that it is for")
    func kept() throws {
        let owner = try ChildProcess("sleep", ["600"])
        let name = "kept-\(getpid())"
        let up = try NetLab.run(["up", "2", "--while", "\(owner.processIdentifier)"], lab: name)
        #expect(up.status == 0, "\(up.errors)")
        #expect(!Remains(of: name).isEmpty)
        kill(owner.processIdentifier, SIGKILL)
        owner.waitUntilExit()
        #expect(Poll.until { Remains(of: name).isEmpty }, "\(Remains(of: name))")
    }
}

/// What is there of a lab, looked up without its help.
struct Remains: CustomStringConvertible {
    let processes: [Int32]
    let files: [String]
    var isEmpty: Bool { processes.isEmpty && files.isEmpty }
    var description: String { "\(processes.map { ($0, Self.words($0)) }), \(files)" }

    init(of lab: NetLab) { self.init(of: lab.name) }

    init(of name: String) {
        let mark = "flotilla-netlab-\(name)"
        // Its processes see its name in their /etc/hosts, or have it in an argument.
        processes = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
            .filter { pid in
                let hosts = (try? String(contentsOfFile: "/proc/\(pid)/root/etc/hosts", encoding: .utf8)) ?? ""
                return hosts.contains(mark + "-") || Self.words(pid).contains { $0.contains(mark) }
            }
        files = ["/run", "/etc", "/tmp", "/dev/shm"].flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.contains(mark) }
        }
    }

    /// The command line of a process.
    static func words(_ pid: Int32) -> [String] {
        (FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()).split(separator: 0)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The machine's own network devices, with their addresses and routes.
    static func devices() throws -> String {
        try ["/proc/net/dev_mcast", "/proc/net/route", "/proc/net/if_inet6"]
            .map { try String(contentsOfFile: $0, encoding: .utf8) }.joined()
    }
}
