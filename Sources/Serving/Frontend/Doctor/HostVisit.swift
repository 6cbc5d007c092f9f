package import GroupLauncher

/// What came of asking one host, and what a group would want of it: a pure value.
package struct HostVisit: Sendable, Equatable {
    /// What a host says, or why it says nothing.
    package enum Result: Sendable, Equatable {
        case report(HostReport)
        /// It does not answer, for a reason in the remote shell's words.
        case silent(String)
        /// It answers, and has no program at this path.
        case withoutProgram(String)
        /// The program there said something else.
        case refused(String)
    }

    /// As the hostfile has it.
    package var name: String
    package var result: Result
    /// Whether it is the host that would launch.
    package var isHere = false
    /// How far its clock is ahead, at least and at most, in seconds.
    package var clockOffset: ClosedRange<Double> = 0...0

    /// The ranks that would run on it.
    package var ranks: [Int] = []
    package var neededBytes = 0
    /// Of a draft model's ranks on it, besides.
    package var draftBytes = 0
    /// Threads of its decoder ranks together; `nil` leaves it to them.
    package var threads: Int?
    /// Bytes that ranks there would lock in memory.
    package var lockedBytes = 0

    package init(_ name: String, _ result: Result) { (self.name, self.result) = (name, result) }

    /// - Parameter program: what was to report.
    package init(_ name: String, _ answer: HostAnswer, program: String) {
        self.name = name
        if answer.status == 0, let report = HostReport(output: answer.output) {
            result = .report(report)
            clockOffset = report.clockOffset(answer)
            return
        }
        let said = Self.lastLine(answer.errors) ?? Self.lastLine(answer.output)
        switch answer.status {
        // Of a shell that has not found a program, or may not run it.
        case 126, 127: result = .withoutProgram(program)
        // Of ssh itself.
        case 255: result = .silent(said ?? "the remote shell failed")
        case nil: result = .silent("no answer in time")
        case let status?: result = .refused(said ?? "exit status \(status)")
        }
    }

    package var report: HostReport? {
        if case .report(let report) = result { report } else { nil }
    }

    private static func lastLine(_ text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline)
        // The program's own sentence stands before its hint.
        let sentence = lines.first { $0.hasPrefix("flotilla: ") }?.dropFirst("flotilla: ".count)
        return (sentence ?? lines.last).map { String($0.prefix(300)) }
    }
}
