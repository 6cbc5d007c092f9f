package import Diagnostics
internal import GroupLink
package import Requests

/// An error that a rank met and reported, in its own words and with its own exit code.
package struct RankFailedError: OperatorError, Equatable {
    package let rank: RankHello
    package let failure: RankFailure

    package init(rank: RankHello, failure: RankFailure) {
        self.rank = rank
        self.failure = failure
    }

    package var description: String { failure.message }
    package var hint: String? { failure.hint }
    package var exitCode: ExitCode { ExitCode(rawValue: failure.exitCode) ?? .internalError }
}
