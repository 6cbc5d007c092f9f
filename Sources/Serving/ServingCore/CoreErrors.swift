package import Diagnostics

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

/// The hosts that are left cannot hold the model.
struct HostsGoneError: OperatorError {
    let hosts: [String]

    var description: String {
        "the hosts that are left have no room for the model: \(hosts.joined(separator: ", ")) do not answer"
    }
    var hint: String? { nil }
    var exitCode: ExitCode { .launchFailed }
}
