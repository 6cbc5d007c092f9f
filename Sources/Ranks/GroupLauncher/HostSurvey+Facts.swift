internal import Foundation
internal import GroupLink

/// What a command on a host came to.
package struct HostAnswer: Sendable, Equatable {
    /// What it exited with; `nil` if it did not end in time.
    package var status: Int32?
    package var output: String
    package var errors: String
    /// Between these two moments of this host's clock, in seconds since 1970, it ran.
    package var began, ended: Double

    package init(status: Int32?, output: String = "", errors: String = "", began: Double = 0, ended: Double = 0) {
        (self.status, self.output, self.errors, self.began, self.ended) = (status, output, errors, began, ended)
    }
}

extension HostSurvey {
    /// What the hosts have, asked side by side; hosts that do not answer, or not in time, have no entry.
    ///
    /// Blocks for as long as the slowest of them takes, some seconds at most for each ``askedAtOnce`` hosts.
    package func facts(of hostfile: Hostfile) -> [String: HostFacts] {
        each(of: hostfile) { facts(of: $0) }
    }

    /// What a shell's command comes to on every host, asked side by side; this host is asked by its own shell.
    ///
    /// Blocks as ``facts(of:)`` does.
    package func ask(
        _ hostfile: Hostfile,
        _ command: String,
        hurrying suspects: Set<String> = []
    ) -> [String: HostAnswer] {
        each(of: hostfile, hurrying: suspects) { host in
            let began = Date().timeIntervalSince1970
            let found = call(host, command).flatMap {
                ProgramOutput.run($0.path, $0.arguments, environment, within: patience)
            }
            return HostAnswer(
                status: found?.status,
                output: found?.output ?? "",
                errors: found?.errors ?? "the remote shell \(agent[0]) could not be started",
                began: began,
                ended: Date().timeIntervalSince1970
            )
        }
    }

    private func each<Answer: Sendable>(
        of hostfile: Hostfile,
        hurrying suspects: Set<String> = [],
        _ ask: @escaping @Sendable (Hostfile.Host) -> Answer?
    ) -> [String: Answer] {
        let waiting = EventQueue<Hostfile.Host>()
        let answers = EventQueue<(name: String, answer: Answer?)>()
        hostfile.hosts.forEach { waiting.push($0) }
        for _ in 0..<min(Self.askedAtOnce, hostfile.hosts.count) {
            let thread = Thread {
                while let host = waiting.poll() { answers.push((host.name, ask(host))) }
            }
            thread.name = "survey"
            thread.start()
        }
        var found: [String: Answer] = [:]
        var hurry = Hurry()
        var left = Set(hostfile.hosts.map(\.name))
        let began = MonotonicClock.now
        while !left.isEmpty {
            let now = MonotonicClock.now - began
            let isHurried = left.isSubset(of: suspects)
            guard let answer = answers.next(within: isHurried ? hurry.left(at: now) : nil) else {
                guard isHurried else { continue }
                break
            }
            found[answer.name] = answer.answer
            left.remove(answer.name)
            hurry.note(MonotonicClock.now - began)
        }
        return found
    }

    /// How long suspects are waited for once everybody else has answered: hosts may be busy, and all alike.
    private struct Hurry {
        private var slowest = Duration.zero

        mutating func note(_ answered: Duration) { slowest = max(slowest, answered) }

        func left(at now: Duration) -> Duration { max(.zero, max(.milliseconds(750), slowest * 3) - now) }
    }

    private static var askedAtOnce: Int { 64 }

    private func facts(of host: Hostfile.Host) -> HostFacts? {
        if host.isThisHost { return HostFacts.ofThisHost() }
        // grep ends with 2 where a file is not there; what matters is what it printed.
        guard let call = call(host, HostFacts.command),
            let found = ProgramOutput.run(call.path, call.arguments, environment, within: patience), found.status != nil
        else { return nil }
        return HostFacts(parsing: found.output)
    }

    /// The program and arguments that run a command on a host.
    private func call(_ host: Hostfile.Host, _ command: String) -> (path: String, arguments: [String])? {
        if host.isThisHost { return ("/bin/sh", ["-c", command]) }
        if let scheduler, let program = ProgramSearch.find(scheduler[0], in: environment) {
            return (program, scheduler.dropFirst() + ["-w", host.name, "/bin/sh", "-c", command])
        }
        guard let program = ProgramSearch.find(agent[0], in: environment) else { return nil }
        return (program, agent.dropFirst() + [host.target, command])
    }
}
