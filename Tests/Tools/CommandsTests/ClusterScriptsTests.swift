import Foundation
import TestSupport
import Testing

/// `cluster/launch` and `cluster/stop`, as people call them, with hosts that a stand-in for ssh reaches.
@Suite("cluster/launch and cluster/stop", .serialized, .ownThread)
struct ClusterScriptsTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../..").standardizedFileURL

    private struct Lab {
        let directory: URL
        let environment: [String: String]

        /// A remote shell that runs here what it shall run elsewhere: `far` is there, `gone` is not, and `old` has another
        /// flotilla.
        init(_ directory: URL) throws {
            self.directory = directory
            let agent = directory.appendingPathComponent("agent")
            let script = """
                #!/bin/sh
                host=$1; shift
                case $host in
                gone) echo "connect to host gone port 22: No route to host" >&2; exit 255 ;;
                old) echo 0123 ;;
                *) exec sh -c "$*" ;;
                esac

                """
            try script.write(to: agent, atomically: true, encoding: .utf8)
            chmod(agent.path, 0o755)
            // A socket's path has room for little more than a hundred bytes.
            environment = [
                "FLOTILLA": FlotillaProgram.executable.path, "FLOTILLA_STATE": directory.path,
                "OMPI_MCA_plm_rsh_agent": agent.path, "HOME": directory.path,
            ]
        }

        func hosts(_ text: String) throws -> String {
            let file = directory.appendingPathComponent("hosts")
            try text.write(to: file, atomically: true, encoding: .utf8)
            return file.path
        }

        func call(_ name: String, _ arguments: [String]) throws -> FlotillaProgram.Outcome {
            let script = ClusterScriptsTests.repository.appendingPathComponent("cluster/\(name)")
            return try FlotillaProgram.start(arguments, of: script, in: directory, environment: environment).wait()
        }

        var pid: Int32? {
            let file = directory.appendingPathComponent("default/pid")
            return (try? String(contentsOf: file, encoding: .utf8)).flatMap {
                Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
    }

    private static func withLab(_ body: (Lab) throws -> Void) throws {
        let directory = URL(fileURLWithPath: "/tmp/fl-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let lab = try Lab(directory)
        // It is in a session of its own, and would outlive a test that fails.
        defer { if let pid = lab.pid { kill(pid, SIGKILL) } }
        try body(lab)
    }

    @Test("A group is started, asked and ended; a second one of the name is refused; nothing is left")
    func wholeLife() throws {
        try Self.withLab { lab in
            // Not the hosts' own network: the stand-in starts everything here.
            let hosts = try lab.hosts("# all here\nlocalhost slots=3\n")
            let options = [hosts, "--model", "demo", "--decoder-ranks", "2", "--listen", "127.0.0.1:0"]
            let launched = try lab.call("launch", options)
            #expect(launched.status == 0 && launched.output.hasPrefix("ready: process"), "\(launched)")
            let socket = lab.directory.appendingPathComponent("default/socket").path
            let answer = try FlotillaProgram.run(["ask", "--server", socket, "what is 3 plus 4?"], in: lab.directory)
            #expect(answer.output.contains("3 + 4 = 7"), "\(answer)")
            let second = try lab.call("launch", options)
            #expect(second.status == 8 && second.errors.contains("runs already"), "\(second)")
            let pid = try #require(lab.pid)
            let stopped = try lab.call("stop", [])
            #expect(stopped.status == 0 && stopped.output == "stopped: every answer was finished\n", "\(stopped)")
            #expect(kill(pid, 0) != 0 || Poll.until { kill(pid, 0) != 0 })
            #expect(!FileManager.default.fileExists(atPath: socket))
            let again = try lab.call("stop", [])
            #expect(again.status == 0 && again.output.contains("no server of the name default runs"), "\(again)")
        }
    }

    @Test("Hosts that do not answer, or have another build, are named, all of them, and nothing is started")
    func refusedHosts() throws {
        try Self.withLab { lab in
            let hosts = try lab.hosts("far slots=1\ngone slots=1\nold slots=1\n")
            let outcome = try lab.call("launch", [hosts, "--model", "demo"])
            #expect(outcome.status == 6 && !outcome.errors.contains("far"), "\(outcome)")
            #expect(outcome.errors.contains("old has another build"), "\(outcome)")
            #expect(outcome.errors.contains("gone does not answer: connect to host gone port 22"), "\(outcome)")
            #expect(lab.pid == nil)
        }
    }

    @Test("What cannot work is said before anything is started")
    func misuse() throws {
        try Self.withLab { lab in
            let hosts = try lab.hosts("localhost slots=2\n")
            let cases: [([String], String)] = [
                ([], "usage"), (["/nowhere/hosts", "--model", "demo"], "cannot be read"), ([hosts], "no --model"),
                (["--name", "a/b", hosts, "--model", "demo"], "--name is a/b"),
                (["--wait", "soon", hosts, "--model", "demo"], "--wait is soon"),
                (["--model", "demo", hosts], "--model stands before the hostfile"),
            ]
            for (arguments, words) in cases {
                let outcome = try lab.call("launch", arguments)
                #expect(outcome.status == 2 && outcome.errors.contains(words), "\(arguments) \(outcome)")
            }
            _ = try lab.hosts("# nobody\n")
            let outcome = try lab.call("launch", [hosts, "--model", "demo"])
            #expect(outcome.status == 6 && outcome.errors.contains("names no host"), "\(outcome)")
        }
    }

    @Test("A server that ends while it loads ends launch with its own exit code and last words")
    func failingServer() throws {
        try Self.withLab { lab in
            let hosts = try lab.hosts("localhost slots=2\n")
            let outcome = try lab.call(
                "launch",
                [hosts, "--model", "demo", "--decoder-ranks", "99", "--listen", "127.0.0.1:0"]
            )
            #expect(outcome.status == 6 && outcome.errors.contains("2 slots"), "\(outcome)")
            #expect(outcome.errors.contains("its log is"), "\(outcome)")
        }
    }

    // MARK: - Hosts of their own

    private static let netlab = repository.appendingPathComponent("cluster/netlab")

    private static let hostsCanBeMade: Bool = {
        let check = try? ChildProcess(netlab.path, ["check", "--ssh"])
        check?.waitUntilExit()
        return check?.terminationStatus == 0
    }()

    @Test(
        "On three hosts with sshd: started from the first, asked there, ended; a cut host is named",
        .enabled(if: hostsCanBeMade, "cluster/netlab check --ssh says why no hosts can be made here")
    )
    func overHosts() throws {
        try Self.withLab { lab in
            let variables = [
                "FLOTILLA_NETLAB": "launch-\(getpid())", "FLOTILLA": FlotillaProgram.executable.path,
                "FLOTILLA_STATE": lab.directory.path, "HOME": lab.directory.path,
            ]
            let netlab = { (arguments: [String]) in
                try FlotillaProgram.start(arguments, of: Self.netlab, in: lab.directory, environment: variables).wait()
            }
            let here = { (arguments: [String]) in try netlab(["exec", "1"] + arguments) }
            let script = { (name: String) in Self.repository.appendingPathComponent("cluster/\(name)").path }
            let up = try netlab(["up", "3", "--ssh", "--while", String(getpid())])
            defer { _ = try? netlab(["down"]) }
            let hosts = try #require(up.output.split(separator: "\n").last.map(String.init), "\(up)")
            let launch = [script("launch"), hosts, "--model", "demo", "--decoder-ranks", "3", "--vision-ranks", "2"]

            let launched = try here(launch)
            #expect(launched.status == 0 && launched.output.hasPrefix("ready: process"), "\(launched)")
            let answer = try here([FlotillaProgram.executable.path, "ask", "what is 3 plus 4?"])
            #expect(answer.output.contains("3 + 4 = 7"), "\(answer)")
            let stopped = try here([script("stop")])
            #expect(stopped.output == "stopped: every answer was finished\n", "\(stopped)")

            _ = try netlab(["cut", "3"])
            let refused = try here(launch)
            #expect(refused.status == 6 && refused.errors.contains("node3 does not answer"), "\(refused)")
            #expect(!refused.errors.contains("node2"), "\(refused)")
        }
    }
}
