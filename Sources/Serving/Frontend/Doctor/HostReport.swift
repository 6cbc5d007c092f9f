internal import Foundation
package import GroupLauncher

/// What a host says about itself before a launch: a pure value, that travels as a line of JSON.
package struct HostReport: Codable, Sendable, Equatable {
    /// An address of a network interface.
    package struct Interface: Codable, Sendable, Equatable {
        package var name: String
        package var address: String

        package init(name: String, address: String) { (self.name, self.address) = (name, address) }
    }

    package var hostName = ""
    /// Names the build of the executable, see `Machine.build`.
    package var build = ""
    package var version = ""
    /// Whether a remote shell finds Open MPI's daemon, which `mpirun` starts on other hosts.
    package var hasMpiDaemon = false
    /// Of the Open MPI whose `mpirun` a remote shell finds; `nil` if it finds none.
    package var mpiVersion: String?
    /// Of the checkpoint, in hexadecimal digits; `nil` if it cannot be opened.
    package var checkpoint: String?
    package var checkpointProblem: String?
    /// Memory that new processes can have; `nil` where the kernel does not say.
    package var availableBytes: Int?
    package var processors = 1
    package var cores = 1
    package var memoryNodes = 1
    /// Files that a process may have open; `nil` is no limit.
    package var openFiles: Int?
    /// Bytes that a process may lock in memory; `nil` is no limit.
    package var lockableBytes: Int?
    /// Free where Open MPI keeps messages between ranks of one host; `nil` if nobody knows, or there is no limit.
    package var sharedMemoryBytes: Int?
    package var interfaces: [Interface] = []
    /// The interface over which ranks here would speak with the other hosts.
    package var interface: String?
    /// Whether some of the other hosts are behind another one.
    package var isSplit = false
    /// Hosts to which this one knows no way, by their addresses.
    package var unreachable: [String] = []
    /// Its clock when it began and when it was done with all this, in seconds since 1970.
    package var clockBegan = 0.0
    package var clockEnded = 0.0

    package init() {}

    /// What a line of output begins with that has one of these.
    package static let mark = "flotilla-host: "

    /// What a host has printed, if there is a report in it; a login script may print other things.
    package init?(output: String) {
        guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix(Self.mark) }),
            let report = try? JSONDecoder().decode(Self.self, from: Data(line.dropFirst(Self.mark.count).utf8))
        else { return nil }
        self = report
    }

    /// The line that says it.
    package var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A clock is finite, and the rest always encodes.
        guard let data = try? encoder.encode(self) else { preconditionFailure("\(self) has no JSON") }
        return Self.mark + String(decoding: data, as: UTF8.self)
    }

    /// How far this clock is ahead of the asking host's, at least and at most, in seconds.
    ///
    /// The report was made while the asking host waited for it; nothing more is known without a second message.
    package func clockOffset(_ answer: HostAnswer) -> ClosedRange<Double> {
        let (least, most) = (clockEnded - answer.ended, clockBegan - answer.began)
        return min(least, most)...max(least, most)
    }
}
