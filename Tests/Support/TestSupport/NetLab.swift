package import Foundation

/// Several hosts on this machine (`cluster/netlab`), that go when the object goes, and with the test run however that ends.
package final class NetLab: Sendable {
    /// What a command printed and how it ended.
    package struct Outcome: Sendable {
        package let status: Int32
        package let output: String
        package let errors: String
        package var line: String { output.trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package static let command = Fixtures.root.appendingPathComponent("cluster/netlab").path

    /// The lab's name, which no other run has.
    package let name: String
    /// Open MPI's list of all hosts, two slots each.
    package let hostfile: String
    package let hosts: Int

    /// Makes hosts `node1` … `node<hosts>`.
    ///
    /// - Parameter options: of `netlab up`, such as `["--delay", "1ms", "--ssh"]`.
    package init(hosts: Int, _ options: [String] = []) throws {
        let name = "test-\(getpid())-\(UInt16.random(in: 0 ... .max))"
        let made = try Self.run(["up", "\(hosts)", "--while", "\(getpid())"] + options, lab: name)
        guard made.status == 0, let last = made.output.split(separator: "\n").last else {
            throw Failure(description: "netlab up \(hosts) \(options): \(made.errors)")
        }
        (self.name, self.hosts, hostfile) = (name, hosts, String(last))
    }

    deinit { _ = try? down() }

    /// Whether hosts can be made here; if not, that is said aloud, once for each kind.
    package static func isPossible(ssh: Bool = true) -> Bool { ssh ? withSSH : withoutSSH }
    private static let withSSH = checked(["check", "--ssh"])
    private static let withoutSSH = checked(["check"])

    private static func checked(_ words: [String]) -> Bool {
        let found = try? run(words, lab: "check")
        if found?.status == 0 { return true }
        print("SKIPPED: tests on several hosts did not run: \(found?.errors ?? "netlab could not be started")")
        return false
    }

    /// What a command that is started for one of the hosts needs in its environment.
    package var environment: [String: String] { ["FLOTILLA_NETLAB": name] }

    /// A shell's words that become the program `$0` with the arguments `$@`, on a host.
    package func script(on host: Int) -> String { "exec \(Self.command) exec \(host) \"$0\" \"$@\"" }

    /// Runs a command on a host, to its end.
    package func run(on host: Int, _ command: String...) throws -> Outcome {
        try netlab(["exec", "\(host)"] + command)
    }

    package func cut(_ host: Int) throws { try mustDo(["cut", "\(host)"]) }

    package func join(_ host: Int) throws { try mustDo(["join", "\(host)"]) }

    package func down() throws { try mustDo(["down"]) }

    /// Calls `netlab` for this lab.
    package func netlab(_ words: [String]) throws -> Outcome { try Self.run(words, lab: name) }

    /// A list of the hosts with just the slots that `ranks` need, so that as many hosts as possible have one.
    package func hostfile(for ranks: Int, in directory: URL) throws -> String {
        let url = directory.appendingPathComponent("hosts-\(hosts)-\(ranks)")
        let slots = (0..<hosts).map { ranks / hosts + ($0 < ranks % hosts ? 1 : 0) }
        let lines = slots.enumerated().filter { $0.element > 0 }.map { "node\($0.offset + 1) slots=\($0.element)\n" }
        try lines.joined().write(to: url, atomically: true, encoding: .utf8)
        return url.path
    }

    private func mustDo(_ words: [String]) throws {
        let done = try netlab(words)
        guard done.status == 0 else { throw Failure(description: "netlab \(words): \(done.errors)") }
    }

    /// Calls `netlab` for a lab that may not be there.
    package static func run(_ words: [String], lab: String) throws -> Outcome { try run(command, words, lab: lab) }

    /// Runs a program to its end, for which a lab is the one that `netlab` means.
    package static func run(_ program: String, _ words: [String], lab: String) throws -> Outcome {
        try Fixtures.withTemporaryDirectory { directory in
            let (output, errors) = (directory.appendingPathComponent("out"), directory.appendingPathComponent("err"))
            let process = try ChildProcess(
                program,
                words,
                environment: ["FLOTILLA_NETLAB": lab],
                output: .file(output),
                errors: .file(errors),
                // It clears away what it has half made.
                deathSignal: SIGTERM
            )
            process.waitUntilExit()
            return Outcome(
                status: process.terminationStatus,
                output: try String(contentsOf: output, encoding: .utf8),
                errors: try String(contentsOf: errors, encoding: .utf8)
            )
        }
    }
}
