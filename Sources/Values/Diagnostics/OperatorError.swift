/// An error that an operator or a user can mend: one sentence that names the thing, then a hint.
///
/// Every error that reaches a person conforms, so that one place prints them all alike:
///
/// ```
/// flotilla: model.safetensors: tensor "mlp1.1.weight" has shape [64, 190], expected [64, 192]
///   hint: the file does not belong to this config.json; download the checkpoint again
/// ```
package protocol OperatorError: Error, CustomStringConvertible, Sendable {
    /// One sentence without a full stop: what failed, on what, what was expected and what was found.
    var description: String { get }
    /// What the operator can do about it; `nil` where the sentence already says so.
    var hint: String? { get }
    /// What the process exits with.
    var exitCode: ExitCode { get }
}

extension OperatorError {
    /// The two lines that a person sees, without the program's name.
    package var report: String {
        if let hint { "\(description)\n  hint: \(hint)" } else { description }
    }
}

/// A wrong option, argument or input: exit code 2.
package struct UsageError: OperatorError, Equatable {
    package let description: String
    package let hint: String?
    package var exitCode: ExitCode { .usage }

    package init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}
