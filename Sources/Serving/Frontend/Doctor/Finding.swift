package import Diagnostics

/// Something about hosts that an operator should know before a launch.
package struct Finding: Sendable, Equatable {
    /// What was looked at.
    package enum Check: String, Sendable, CaseIterable {
        case login, program, openMPI = "open_mpi", build, checkpoint, memory, cores, interfaces, clock
        case sharedMemory = "shared_memory", limits, slots, network
    }

    /// `nil` if it is about all of them.
    package var host: String?
    package var check: Check
    /// What a launch would end with; `nil` for what only makes it slower or riskier.
    package var exitCode: ExitCode?
    /// One sentence without a full stop.
    package var text: String
    package var hint: String?

    package init(
        _ check: Check,
        host: String? = nil,
        exitCode: ExitCode? = nil,
        _ text: String,
        hint: String? = nil
    ) {
        (self.check, self.host, self.exitCode, self.text, self.hint) = (check, host, exitCode, text, hint)
    }
}
