import Foundation
import TestSupport
import Testing

/// Groups on hosts whose networks are as people's are: the way is found, or it is said between whom there is none.
@Suite("Networks", .serialized, .ownThread, .enabled(if: NetLab.isPossible(ssh: false)))
struct NetworkTests {
    /// Three hosts, a model, and mpirun's way to start its daemons there.
    private struct Site {
        let lab: NetLab
        let directory: URL
        let agent: URL
        static let model = Fixtures.url("mini-bf16")

        init(_ directory: URL) throws {
            self.directory = directory
            lab = try NetLab(hosts: 3)
            agent = directory.appendingPathComponent("agent")
            let script = """
                #!/bin/sh
                host=${1##*.}; host=${host#node}; shift
                test -e \(directory.path)/preload-$host && export LD_PRELOAD=\(directory.path)/preload-$host
                FLOTILLA_NETLAB=\(lab.name) exec \(NetLab.command) exec "$host" /bin/sh -c "$*"

                """
            try script.write(to: agent, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: agent.path)
        }

        /// Has a shell do something on a host, where `$1` is its number.
        func shell(_ host: Int, _ script: String) throws {
            let done = try lab.run(on: host, "/bin/sh", "-ec", script, "sh", "\(host)")
            try #require(done.status == 0, "\(script): \(done.errors)")
        }

        /// The address of a host, from the list that all of them share.
        func address(_ host: Int) throws -> String {
            let words = try lab.run(on: 1, "awk", "$2 == \"node\(host)\" { print $1 }", "/etc/hosts")
            return words.line
        }

        /// Runs a command of flotilla on host 1, with a group of one rank a host.
        func run(
            _ command: [String],
            limits: String = "",
            model: URL = Site.model,
            hosts: String = "node1 slots=1\nnode2 slots=1\nnode3 slots=1\n",
            decoderRanks: Int = 2,
            mpirun: String = ""
        ) throws -> FlotillaProgram.Outcome {
            let hostfile = directory.appendingPathComponent("hosts")
            try hosts.write(to: hostfile, atomically: true, encoding: .utf8)
            return try FlotillaProgram.run(
                command + [
                    "--model", model.path, "--decoder-ranks", "\(decoderRanks)", "--vision-ranks", "1", "--threads",
                    "1",
                    "--hostfile", hostfile.path, "--mpirun-args", "--mca plm_rsh_agent \(agent.path) \(mpirun)",
                ],
                in: directory,
                environment: lab.environment.merging(["FLOTILLA_START_LIMITS": limits]) { $1 },
                script: lab.script(on: 1)
            )
        }
    }

    private static let question = ["generate", "--prompt", "describe the image", "--max-tokens", "8", "--json"]

    private func onSite(_ body: (Site) throws -> Void) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let site = try Site(directory)
            try body(site)
            try site.lab.down()
        }
    }

    private struct Answer: Decodable { let tokens: [Int32] }

    /// The tokens are one host's.
    private func expectAnswer(_ outcome: FlotillaProgram.Outcome, _ directory: URL) throws {
        let alone = try FlotillaProgram.run(Self.question + ["--model", Site.model.path], in: directory)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let answers = try [outcome, alone].map { try JSONDecoder().decode(Answer.self, from: Data($0.output.utf8)) }
        #expect(answers[0].tokens == answers[1].tokens && !answers[0].tokens.isEmpty)
    }

    /// What Docker makes: a bridge that is up, with the same address on every host.
    private static let bridge = """
        ip link add docker0 type veth peer name container0
        ip address add 172.17.0.1/16 dev docker0
        ip link set docker0 up
        ip link set container0 up
        """

    @Test("A bridge of Docker's on every host, and a host's own name that means 127.0.1.1")
    func bridges() throws {
        try onSite { site in
            for host in 1...3 {
                try site.shell(host, Self.bridge)
                let own = site.directory.appendingPathComponent("hosts-\(host)").path
                try site.shell(
                    host,
                    "sed \"s/^.* node$1$/127.0.1.1 node$1/\" /etc/hosts > \(own); mount --bind \(own) /etc/hosts"
                )
            }
            try expectAnswer(site.run(Self.question), site.directory)
            // The head's line first or last, under its address: it is the same host.
            let hosts = "node3 slots=1\n\(try site.address(2)) slots=1\nnode1 slots=2\n"
            try expectAnswer(site.run(Self.question, hosts: hosts, decoderRanks: 3), site.directory)
            let doctor = try site.run(["doctor"], hosts: hosts, decoderRanks: 3)
            #expect(doctor.status == 0, "\(doctor.output)\(doctor.errors)")
            let ways = doctor.output.ranges(of: "speaks over eth0").count
            #expect(ways == 3 && doctor.output.contains("to and fro"), "\(doctor.output)")
        }
    }

    @Test("Ranks of one host share memory as before, and TCP goes between hosts")
    func transports() throws {
        try onSite { site in
            for host in 1...3 { try site.shell(host, Self.bridge) }
            let outcome = try site.run(
                Self.question + ["--verbose"],
                hosts: "node1 slots=2\nnode2 slots=2\n",
                decoderRanks: 3,
                mpirun: "--mca btl_base_verbose 100"
            )
            try expectAnswer(outcome, site.directory)
            #expect(outcome.errors.contains("Using vader btl"))
            #expect(outcome.errors.contains("Using tcp btl"))
            #expect(outcome.errors.contains("Using interface: eth0"))
            #expect(!outcome.errors.contains("Using interface: docker0"))
        }
    }

    @Test("What the user says about the network counts")
    func settings() throws {
        try onSite { site in
            for host in 1...3 { try site.shell(host, Self.bridge) }
            let chosen = "--mca btl_tcp_if_include docker0 --mca btl_base_verbose 100"
            let outcome = try site.run(Self.question + ["--verbose"], limits: "handshake=15", mpirun: chosen)
            #expect(outcome.status == 6, "\(outcome.errors)")
            #expect(outcome.errors.contains("Using interface: docker0"))
            #expect(!outcome.errors.contains("Using interface: eth0"))
            #expect(outcome.errors.contains("cannot reach"), "\(outcome.errors)")
        }
    }

    @Test("A head with two networks, and hosts behind each of them")
    func twoNetworks() throws {
        try onSite { site in
            for host in 1...3 { try site.shell(host, Self.bridge) }
            let far = try site.lab.run(on: 3, "/bin/sh", "-c", "sleep 1000 > /dev/null 2>&1 & echo $!").line
            let near = try site.address(1)
            try site.shell(
                1,
                """
                ip link add second type veth peer name first netns \(far)
                ip address add 10.213.7.1/24 dev second
                ip link set second up
                echo 1 > /proc/sys/net/ipv4/ip_forward
                sed "s/^.* node3$/10.213.7.3 node3/" /etc/hosts > \(site.directory.path)/list
                cat \(site.directory.path)/list > /etc/hosts
                """
            )
            try site.shell(
                3,
                """
                ip link set eth0 down
                ip address add 10.213.7.3/24 dev first
                ip link set first up
                ip route add default via 10.213.7.1
                """
            )
            let wayless = try site.run(["doctor"])
            #expect(
                wayless.status == 6 && wayless.output.contains("node2 knows no way to 10.213.7.3"),
                "\(wayless.output)"
            )
            try site.shell(2, "ip route add 10.213.7.0/24 via \(near)")
            let doctor = try site.run(["doctor"])
            #expect(doctor.status == 0, "\(doctor.output)\(doctor.errors)")
            #expect(doctor.output.contains("node1 reaches the others over several interfaces"), "\(doctor.output)")
            try expectAnswer(site.run(Self.question), site.directory)
        }
    }

    @Test("Hosts that have IPv6 alone")
    func iPv6() throws {
        try onSite { site in
            let list = site.directory.appendingPathComponent("list").path
            try site.shell(
                1,
                "sed -E 's/^.* node([0-9]+)$/fd00:213::\\1 node\\1/' /etc/hosts > \(list); cat \(list) > /etc/hosts"
            )
            for host in 1...3 {
                try site.shell(host, Self.bridge)
                try site.shell(
                    host,
                    "ip address flush dev eth0 scope global; ip address add fd00:213::$1/64 dev eth0 nodad"
                )
            }
            let doctor = try site.run(["doctor"])
            #expect(doctor.status == 0 && doctor.output.contains("fd00:213::3"), "\(doctor.output)\(doctor.errors)")
            try expectAnswer(site.run(Self.question), site.directory)
        }
    }

    @Test(
        "Two hosts that reach the head and not each other are named, whether the network says so or swallows it",
        arguments: ["generate", "serve"],
        [
            "ip neigh replace ADDRESS lladdr 02:00:00:00:00:01 dev eth0 nud permanent",
            "ip route add unreachable ADDRESS/32",
        ]
    )
    func firewalls(command: String, wall: String) throws {
        try onSite { site in
            let addresses = try (1...3).map(site.address)
            for (host, other) in [(2, 3), (3, 2)] {
                try site.shell(host, wall.replacingOccurrences(of: "ADDRESS", with: addresses[other - 1]))
            }
            let command = command == "serve" ? ["serve", "--listen", "127.0.0.1:0"] : Self.question
            let outcome = try site.run(command, limits: "handshake=15")
            #expect(outcome.status == 6, "\(outcome.errors)")
            let text = outcome.errors
            if wall.contains("unreachable") {
                // When both say so at one moment, whose address it is may not be known.
                let pairs = [(2, 3), (3, 2)].flatMap { host, other in
                    ["", " (\(addresses[other - 1]))"].map { "host node\(host) cannot reach host node\(other)\($0): " }
                }
                #expect(pairs.contains { text.contains($0) }, "\(text)")
            } else {
                let pair = "rank 1 on node2 (\(addresses[1])) and rank 2 on node3 (\(addresses[2]))"
                #expect(text.contains("\(pair) cannot reach each other within 15 s"), "\(text)")
            }
            #expect(text.contains("btl_tcp_if_include"))
        }
    }

    /// A file system that does not answer when the weights are opened.
    private static let hangingOpen = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdarg.h>
        #include <string.h>
        #include <unistd.h>
        static int hanging(const char *name, const char *path, int flags, int mode) {
            if (strstr(path, "model.safetensors")) for (;;) pause();
            return ((int (*)(const char *, int, int))dlsym(RTLD_NEXT, name))(path, flags, mode);
        }
        #define OPEN(NAME) int NAME(const char *path, int flags, ...) { \
            va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
            return hanging(#NAME, path, flags, mode); }
        OPEN(open)
        OPEN(open64)

        """

    @Test("A host whose file system does not answer is named")
    func checkpoint() throws {
        try onSite { site in
            let source = site.directory.appendingPathComponent("open.c")
            try Self.hangingOpen.write(to: source, atomically: true, encoding: .utf8)
            let library = site.directory.appendingPathComponent("preload-2").path
            let built = try NetLab.run(
                "gcc",
                ["-shared", "-fPIC", "-o", library, source.path, "-ldl"],
                lab: site.lab.name
            )
            try #require(built.status == 0, "\(built.errors)")
            let outcome = try site.run(Self.question, limits: "load=3")
            #expect(outcome.status == 6, "\(outcome.errors)")
            let place = "rank 1 on node2 (\(try site.address(2)))"
            #expect(outcome.errors.contains("\(place) has not opened the checkpoint within 3 s"), "\(outcome.errors)")
        }
    }
}
