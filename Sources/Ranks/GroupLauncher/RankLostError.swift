package import Diagnostics
internal import GroupLink
package import Requests

/// A rank that ended, or stopped answering, while the group worked.
package struct RankLostError: OperatorError, Equatable {
    /// Who was lost; `nil` if it was `mpirun`, or a daemon of its.
    package let rank: RankHello?
    /// What is known of why: `killed by signal 9`.
    package let cause: String

    package init(rank: RankHello?, cause: String) {
        self.rank = rank
        self.cause = cause
    }

    package var description: String {
        if let rank { "lost \(rank.label): \(cause)" } else { "lost the whole group: \(cause)" }
    }

    package var hint: String? {
        guard cause.contains("signal 9") else { return nil }
        return "the kernel ends the process that uses most memory when none is left; see dmesg on the rank's host"
    }

    package var exitCode: ExitCode { .rankLost }
}
