internal import Foundation
internal import GroupLink

extension HostSurvey {
    /// What the hosts have, asked side by side; hosts that do not answer, or not in time, have no entry.
    ///
    /// Blocks for as long as the slowest of them takes, some seconds at most for each ``askedAtOnce`` hosts.
    package func facts(of hostfile: Hostfile) -> [String: HostFacts] {
        let waiting = EventQueue<Hostfile.Host>()
        let answers = EventQueue<(name: String, facts: HostFacts?)>()
        hostfile.hosts.forEach { waiting.push($0) }
        for _ in 0..<min(Self.askedAtOnce, hostfile.hosts.count) {
            let thread = Thread {
                while let host = waiting.poll() { answers.push((host.name, facts(of: host))) }
            }
            thread.name = "survey"
            thread.start()
        }
        var found: [String: HostFacts] = [:]
        for _ in hostfile.hosts {
            while true {
                guard let answer = answers.next() else { continue }
                found[answer.name] = answer.facts
                break
            }
        }
        return found
    }

    private static var askedAtOnce: Int { 64 }

    private func facts(of host: Hostfile.Host) -> HostFacts? {
        if host.isThisHost { return HostFacts.ofThisHost() }
        guard let call = call(host, HostFacts.command), let text = Self.output(of: call, environment, within: patience)
        else { return nil }
        return HostFacts(parsing: text)
    }

    /// The program and arguments that run a command on a host.
    private func call(_ host: Hostfile.Host, _ command: String) -> (path: String, arguments: [String])? {
        if let scheduler, let program = ProgramSearch.find(scheduler[0], in: environment) {
            return (program, scheduler.dropFirst() + ["-w", host.name, "/bin/sh", "-c", command])
        }
        guard let program = ProgramSearch.find(agent[0], in: environment) else { return nil }
        return (program, agent.dropFirst() + [host.target, command])
    }

    /// What a program prints, if it ends with 0 in time and prints no more than an answer can have.
    private static func output(
        of call: (path: String, arguments: [String]),
        _ environment: [String: String],
        within patience: Duration
    ) -> String? {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: call.path)
        process.arguments = call.arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do { try process.run() } catch { return nil }
        try? pipe.fileHandleForWriting.close()
        let deadline = MonotonicClock.now + patience
        let bytes = read(pipe.fileHandleForReading.fileDescriptor, until: deadline)
        // Who prints without end, or not at all, is not waited for.
        if bytes == nil { kill(process.processIdentifier, SIGKILL) }
        let left = max(.zero, deadline - MonotonicClock.now)
        if ended.wait(timeout: .now() + .nanoseconds(Int(left / .nanoseconds(1)))) == .timedOut {
            kill(process.processIdentifier, SIGKILL)
            return nil
        }
        // grep ends with 2 where a file is not there; what matters is what it printed.
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Everything up to the end of the pipe; `nil` if that takes too long or is too much.
    private static func read(_ descriptor: Int32, until deadline: Duration) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= HostFacts.byteLimit {
            let left = deadline - MonotonicClock.now
            guard left > .zero else { return nil }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, Int32(clamping: Int(left / .milliseconds(1)) + 1)) > 0 else { continue }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0, errno != EINTR { return nil }
            if count > 0 { bytes += buffer.prefix(count) }
        }
        return nil
    }
}
