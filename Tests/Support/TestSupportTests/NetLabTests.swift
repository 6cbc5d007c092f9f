import Foundation
import TestSupport
import Testing

/// Hosts of `cluster/netlab`: what programs on them see of each other, and that nothing stays.
@Suite("Hosts on one machine", .ownThread, .enabled(if: NetLab.isPossible(ssh: false)))
struct NetLabTests {
    @Test("three hosts: names, addresses, a way to each other and nowhere else", arguments: [[], ["--delay", "0us"]])
    func three(options: [String]) throws {
        let lab = try NetLab(hosts: 3, options)
        #expect(
            try String(contentsOfFile: lab.hostfile, encoding: .utf8) == "node1 slots=2\nnode2 slots=2\nnode3 slots=2\n"
        )
        for host in 1...3 {
            #expect(try lab.run(on: host, "hostname").line == "node\(host)")
            let interfaces = try lab.run(on: host, "sh", "-c", "ls /sys/class/net; cat /proc/net/route").output
            #expect(interfaces.contains("eth0") && interfaces.contains("lo"))
            // A route to 0.0.0.0 would be a way out.
            #expect(!interfaces.contains("\t00000000\t00000000\t"), "\(interfaces)")
            for other in 1...3 {
                #expect(try lab.isReached(other, from: host), "\(host) to \(other)")
            }
        }
        #expect(try lab.run(on: 1, "sh", "-c", "getent hosts node2 && ip -4 addr show eth0").output.contains(".2"))
    }

    @Test("what is said, asked and signalled goes to the command itself")
    func command() throws {
        let lab = try NetLab(hosts: 1)
        #expect(try lab.run(on: 1, "sh", "-c", "exit 37").status == 37)
        #expect(try lab.run(on: 1, "/no/such/program").status == 127)
        let words = "\(NetLab.command) exec 1 sh -c 'trap \"exit 9\" TERM; kill -TERM $$; sleep 600'; echo $?"
        #expect(try lab.shell(words).line == "9")
        #expect(try lab.shell("echo asked | \(NetLab.command) exec 1 cat").line == "asked")
        #expect(try lab.shell("cd /usr/bin && \(NetLab.command) exec 1 pwd").line == "/usr/bin")
        // The one process that was started is the command: no signal is lost in between.
        let sleeping = try ChildProcess(NetLab.command, ["exec", "1", "sleep", "600"], environment: lab.environment)
        let name = "/proc/\(sleeping.processIdentifier)/comm"
        #expect(Poll.until { (try? String(contentsOfFile: name, encoding: .utf8)) == "sleep\n" })
        sleeping.terminate()
        sleeping.waitUntilExit()
        #expect(sleeping.wasSignalled && sleeping.terminationStatus == SIGTERM)
    }

    @Test("hosts share no memory by name, and are two machines to those who compare")
    func apart() throws {
        let lab = try NetLab(hosts: 2)
        #expect(try lab.run(on: 1, "touch", "/dev/shm/mine").status == 0)
        #expect(try lab.run(on: 1, "ls", "/dev/shm").line == "mine")
        #expect(try lab.run(on: 2, "ls", "/dev/shm").line == "")
        let boots = try (1...2).map { try lab.run(on: $0, "cat", "/proc/sys/kernel/random/boot_id").line }
        #expect(Set(boots).count == 2 && boots.allSatisfy { $0.count == 36 })
    }

    @Test(
        "a cut host is not reached, a joined one is; the others notice nothing",
        arguments: [[], ["--rate", "1gbit"]]
    )
    func cut(options: [String]) throws {
        let lab = try NetLab(hosts: 3, options)
        #expect(try lab.isReached(2, from: 1) && lab.isReached(3, from: 1))
        try lab.cut(2)
        #expect(try !lab.isReached(2, from: 1, within: 2) && !lab.isReached(1, from: 2, within: 2))
        #expect(try lab.isReached(3, from: 1))
        try lab.join(2)
        #expect(try lab.isReached(2, from: 1) && lab.isReached(1, from: 2))
    }

    @Test("a round trip takes two delays at least, and no more goes through than the rate")
    func shaped() throws {
        let lab = try NetLab(hosts: 2, ["--delay", "3ms", "--rate", "40mbit"])
        let state = URL(fileURLWithPath: lab.hostfile).deletingLastPathComponent().path
        func probe(_ words: String) throws -> [Double] {
            let found = try lab.shell(
                """
                exec 3< <(exec \(NetLab.command) exec 2 \(state)/netlab-probe serve node2 5999); read -r ready <&3
                exec \(NetLab.command) exec 1 \(state)/netlab-probe \(words)
                """
            )
            #expect(found.status == 0, "\(found.errors)")
            return found.line.split(separator: " ").compactMap { Double($0) }
        }
        // In microseconds: median, 99th percentile, least.
        let times = try probe("rtt node2 5999 1 20")
        #expect(times.count == 3 && times.allSatisfy { $0 >= 6000 }, "\(times)")
        // A long message: 1.2 MB there and as much back, on a cable that takes 40 bits a microsecond.
        let long = try probe("rtt node2 5999 1200000 1")
        #expect(long.count == 3 && long.allSatisfy { $0 >= 2 * 240_000 }, "\(long)")
        #expect(try probe("rate node2 5999 1").allSatisfy { $0 <= 40 })
    }

    @Test("the loss that was asked for is lost, and nothing breaks")
    func lossy() throws {
        let lab = try NetLab(hosts: 2, ["--loss", "5%"])
        for _ in 0..<20 { #expect(try lab.isReached(2, from: 1)) }
        let stats = try lab.netlab(["stats"])
        let figures = try JSONSerialization.jsonObject(with: Data(stats.output.utf8)) as? [String: Any]
        let lost = (figures?["hosts"] as? [[String: Any]])?.compactMap { $0["lost"] as? Int }.reduce(0, +) ?? 0
        #expect(lost > 0, "\(stats.output)")
    }
}

extension NetLab {
    /// Whether a host is reached from another by its name, over TCP; the answer must come from that host.
    func isReached(_ other: Int, from host: Int, within seconds: Double = Watchdog.seconds) throws -> Bool {
        // python3 is among what tests need.
        let listener = """
            import socket
            s = socket.create_server(("node\(other)", 0)); print(s.getsockname()[1], flush=True)
            c, _ = s.accept(); c.sendall(socket.gethostname().encode())
            """
        let caller = """
            import socket, subprocess, sys
            there = subprocess.Popen(sys.argv[2:] + ["python3", "-c", sys.argv[1]], stdout=subprocess.PIPE)
            port = int(there.stdout.readline())
            try: print(socket.create_connection(("node\(other)", port), \(seconds)).makefile().read())
            finally: there.kill()
            """
        let answer = try run(on: host, "python3", "-c", caller, listener, Self.command, "exec", "\(other)")
        return answer.line == "node\(other)"
    }

    /// Runs a shell outside of the hosts, whose `netlab` is this lab's.
    func shell(_ script: String) throws -> Outcome {
        try Self.run("bash", ["-c", script], lab: name)
    }
}
