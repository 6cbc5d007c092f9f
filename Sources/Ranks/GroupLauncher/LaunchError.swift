package import Diagnostics

/// A group that could not be started.
package struct LaunchError: OperatorError, Equatable {
    package let description: String
    package let hint: String?
    package var exitCode: ExitCode { .launchFailed }

    package init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}
