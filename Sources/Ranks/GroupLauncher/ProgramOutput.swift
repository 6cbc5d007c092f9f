internal import Foundation
internal import GroupLink

/// What a program printed within a time, and how it ended.
struct ProgramOutput {
    /// `nil` if it was killed: by a signal, or since it took too long or printed too much.
    var status: Int32?
    var output = ""
    var errors = ""

    /// Runs a program to its end, blocking.
    ///
    /// - Returns: `nil` if it could not be started.
    static func run(
        _ path: String,
        _ arguments: [String],
        _ environment: [String: String],
        within patience: Duration,
        byteLimit: Int = HostFacts.byteLimit
    ) -> ProgramOutput? {
        let process = Process()
        let pipes = [Pipe(), Pipe()]
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipes[0]
        process.standardError = pipes[1]
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do { try process.run() } catch { return nil }
        for pipe in pipes { try? pipe.fileHandleForWriting.close() }
        let deadline = MonotonicClock.now + patience
        let (texts, isWhole) = read(
            pipes.map(\.fileHandleForReading.fileDescriptor),
            until: deadline,
            byteLimit: byteLimit
        )
        // Who prints without end, or not at all, is not waited for.
        if !isWhole { kill(process.processIdentifier, SIGKILL) }
        let left = max(.zero, deadline - MonotonicClock.now)
        if ended.wait(timeout: .now() + .nanoseconds(Int(left / .nanoseconds(1)))) == .timedOut {
            kill(process.processIdentifier, SIGKILL)
            ended.wait()
        }
        let isByItself = isWhole && process.terminationReason == .exit
        return ProgramOutput(
            status: isByItself ? process.terminationStatus : nil,
            output: String(decoding: texts[0], as: UTF8.self),
            errors: String(decoding: texts[1], as: UTF8.self)
        )
    }

    /// What comes out of the pipes, and whether that is everything up to the end of each.
    private static func read(
        _ descriptors: [Int32],
        until deadline: Duration,
        byteLimit: Int
    ) -> (texts: [[UInt8]], isWhole: Bool) {
        var texts = descriptors.map { _ in [UInt8]() }
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while entries.contains(where: { $0.fd >= 0 }) {
            let left = deadline - MonotonicClock.now
            guard left > .zero, texts.allSatisfy({ $0.count <= byteLimit }) else { return (texts, false) }
            let milliseconds = Int32(clamping: Int(left / .milliseconds(1)) + 1)
            guard poll(&entries, nfds_t(entries.count), milliseconds) > 0 else { continue }
            for index in entries.indices where entries[index].fd >= 0 && entries[index].revents != 0 {
                let count = Glibc.read(entries[index].fd, &buffer, buffer.count)
                if count > 0 { texts[index] += buffer.prefix(count) }
                // A negative one is passed over by poll.
                if count == 0 || (count < 0 && errno != EINTR) { entries[index].fd = -1 }
            }
        }
        return (texts, true)
    }
}
