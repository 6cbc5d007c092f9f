package import Diagnostics
internal import Requests

/// The ranks were lost again and again.
package struct GroupGivenUpError: OperatorError {
    package let cause: any OperatorError

    package init(cause: any OperatorError) { self.cause = cause }

    package var description: String { "the ranks were lost again and again; the last time: \(cause.description)" }
    package var hint: String? { cause.hint }
    package var exitCode: ExitCode { .rankLost }
}

/// A group that has work and says nothing.
struct HungGroupError: OperatorError {
    var description: String { "the group had work and said nothing of it for too long, and was ended" }
    var hint: String? { "its ranks may wait for each other; see what they print with --verbose" }
    var exitCode: ExitCode { .rankLost }
}

/// A group that ended in order, though nobody had asked it to.
struct UnaskedEndError: OperatorError {
    var description: String { "the group ended before its work was done" }
    var hint: String? { nil }
    var exitCode: ExitCode { .launchFailed }
}

/// A rank that computes other bits than the receipts of answers would say: one that somebody else started with other options.
struct OtherComputationError: OperatorError {
    let rank: Int
    let found: Receipt.Computation
    let own: Receipt.Computation

    var description: String {
        let parts = [
            ("--format", found.format, own.format), ("--vision-format", found.visionFormat, own.visionFormat),
            ("--kv", found.kv, own.kv), ("--wire-format", found.wire ?? "f32", own.wire ?? "f32"),
            ("edition", "\(found.edition)", "\(own.edition)"),
        ]
        let odd = parts.first { $0.1 != $0.2 } ?? parts[0]
        return "rank \(rank) runs with \(odd.0) \(odd.1), and the process in front with \(odd.0) \(odd.2)"
    }
    var hint: String? { "start ranks with the options of \"flotilla serve --attach\", as it prints them" }
    var exitCode: ExitCode { .ranksDisagree }
}

/// The hosts that are left cannot hold the model.
struct HostsGoneError: OperatorError {
    let hosts: [String]

    var description: String {
        "the hosts that are left have no room for the model: \(hosts.joined(separator: ", ")) do not answer"
    }
    var hint: String? { nil }
    var exitCode: ExitCode { .launchFailed }
}
